#include "actors/websocket/ws_batcher.hpp"

#include "actors/websocket/ws_frame.hpp"

#include <utility>

namespace sluice {

namespace {

constexpr const char* stopping_text = "the service is stopping";

} // namespace

void ws_batcher_state::init(ws_batcher_config config, topic_hub_actor hub,
                            ws_connection client) {
  config_ = config;
  hub_ = std::move(hub);
  client_ = std::move(client);
  queue_ = ws_queue{client_.how};
  self_->monitor(hub_);
  self_->set_down_handler([this](const caf::down_msg& x) { on_hub_down(x.reason); });
}

// -- writing ------------------------------------------------------------------------

void ws_batcher_state::deliver(const delivery& what) {
  if (closing_)
    return;
  for (const auto& page : *what.pages)
    queue_.push(page, what.missed);
  if (what.missed) {
    asked_ = false;
    behind_ = what.more;
  }
  pump();
  keep_within();
}

/// A client that takes nothing is sent no more of what it missed.
void ws_batcher_state::ask_for_missed() {
  if (!behind_ || asked_ || blocked_ || closing_ || queue_.has_missed())
    return;
  asked_ = true;
  self_->send(hub_, atom::history_v, subscriber_actor{self_});
}

void ws_batcher_state::control(std::string& frame) {
  if (!std::exchange(answered_, true)) {
    queue_.push_first(std::move(frame));
    return pump();
  }
  if (closing_)
    return;
  closing_ = is_close_frame(frame);
  if (closing_) {
    // Nothing may follow a goodbye, and what waits would come too late to matter.
    queue_.clear();
    queue_.push_last(std::move(frame));
  } else {
    queue_.push_control(std::move(frame));
  }
  pump();
}

void ws_batcher_state::on_writable() {
  blocked_ = false;
  pump();
}

void ws_batcher_state::pump() {
  // To the client it would be the answer to its handshake.
  if (!answered_)
    return;
  while (!blocked_ && !queue_.empty()) {
    const auto& pieces = queue_.pieces();
    size_t offered = 0;
    for (auto piece : pieces)
      offered += piece.size();
    const auto taken = client_.outlet->write(pieces);
    if (!taken)
      return end();
    blocked_ = *taken < offered;
    const auto done = queue_.wrote(*taken);
    if (done.messages > 0) {
      ++writes_;
      total_sent_ += done.messages;
      total_batched_ += done.messages > 1 ? done.messages : 0;
    }
    for (uint64_t i = 0; i < done.answers; ++i)
      client_.outlet->answered();
  }
  ask_for_missed();
  if (!queue_.empty())
    return;
  answer_stop();
  if (leaving_)
    end();
  else if (closing_)
    client_.outlet->farewell();
}

// -- bounds -------------------------------------------------------------------------

void ws_batcher_state::keep_within() {
  if (queue_.waiting_bytes() <= config_.max_queue_bytes)
    return;
  if (config_.close_when_full)
    return close(ws_close::try_again, "this client is too slow");
  const auto before = queue_.dropped();
  queue_.shrink_to(config_.max_queue_bytes);
  report_losses(before, false);
}

void ws_batcher_state::shed() {
  if (closing_ || !blocked_)
    return;
  const auto before = queue_.dropped();
  queue_.drop_all();
  report_losses(before, false);
}

void ws_batcher_state::report_losses(uint64_t before, bool closed) {
  if (queue_.dropped() > before || closed)
    self_->send(hub_, atom::report_v, queue_.dropped() - before, closed);
}

// -- the end ------------------------------------------------------------------------

/// A hub that ends in order has sent all it had.
void ws_batcher_state::on_hub_down(const caf::error& why) {
  if (why)
    close(ws_close::restart, "the topics are being started anew");
  else
    close(ws_close::going_away, stopping_text);
}

void ws_batcher_state::close(ws_close code, const std::string& reason) {
  if (std::exchange(closing_, true))
    return;
  if (code == ws_close::try_again) {
    // It would not read what waits; that it is closed is all it can be told.
    queue_.clear();
    report_losses(queue_.dropped(), true);
  }
  queue_.push_last(close_frame(static_cast<uint16_t>(code), reason));
  client_.outlet->farewell();
  pump();
}

void ws_batcher_state::leave() {
  closing_ = true;
  leaving_ = true;
  answered_ = true;
  // Where the connection is gone, to write is how it shows.
  blocked_ = false;
  pump();
}

void ws_batcher_state::end() {
  closing_ = true;
  queue_.clear();
  answer_stop();
  client_.outlet->end();
  self_->quit();
}

/// Messages are no debt: what a deaf client did not take is not left behind.
void ws_batcher_state::answer_stop() {
  if (!stopping_)
    return;
  stop_report report;
  report.name = name;
  stopping_->deliver(std::move(report));
  stopping_.reset();
}

caf::result<stop_report> ws_batcher_state::stop() {
  stopping_ = detail::owe<stop_report>(self_);
  auto answer = *stopping_;
  close(ws_close::going_away, stopping_text);
  if (queue_.empty())
    answer_stop();
  return answer;
}

// -- telling ------------------------------------------------------------------------

ws_connection_stats ws_batcher_state::stats() const {
  ws_connection_stats result;
  result.id = client_.id;
  result.remote = client_.remote;
  result.topics = topics_.size();
  result.queued_messages = queue_.messages();
  result.queued_bytes = queue_.bytes();
  result.total_batched = total_batched_;
  result.total_sent = total_sent_;
  result.avg_batch_size =
    writes_ == 0 ? 0 : static_cast<double>(total_sent_) / static_cast<double>(writes_);
  result.dropped = queue_.dropped();
  return result;
}

status_report ws_batcher_state::status() const {
  status_report report;
  report.name = name;
  report.key = std::to_string(client_.id);
  report.held_bytes = queue_.bytes();
  report.state = {{"topics", static_cast<int64_t>(topics_.size())},
                  {"queuedMessages", static_cast<int64_t>(queue_.messages())},
                  {"totalSent", static_cast<int64_t>(total_sent_)},
                  {"writes", static_cast<int64_t>(writes_)},
                  {"dropped", static_cast<int64_t>(queue_.dropped())},
                  {"blocked", blocked_}};
  return report;
}

ws_batcher_actor::behavior_type
ws_batcher(ws_batcher_actor::stateful_pointer<ws_batcher_state> self,
           ws_batcher_config config, topic_hub_actor hub, ws_connection client) {
  auto* state = &self->state;
  state->init(config, std::move(hub), std::move(client));
  return {
    [state](atom::deliver, const delivery& what) { state->deliver(what); },
    [state](atom::shed) { state->shed(); },
    [state](atom::append, ws_request& asked) { state->handle(asked); },
    [state](atom::control, std::string& frame) { state->control(frame); },
    [state](atom::writable) { state->on_writable(); },
    [state](atom::close, uint16_t code, const std::string& reason) {
      state->close(static_cast<ws_close>(code), reason);
    },
    [state](atom::leave) { state->leave(); },
    [state](atom::stats) { return state->stats(); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
