#include "actors/websocket/topic_hub.hpp"

#include "actors/detail/names.hpp"

#include <utility>

namespace sluice {

void topic_hub_state::init(topic_hub_config config) {
  config_ = std::move(config);
  names_ = std::make_shared<budget>(config_.memory->limit_bytes() / 2);
  self_->set_down_handler([this](const caf::down_msg& x) { on_down(x.source); });
}

// -- publishing ---------------------------------------------------------------------

caf::result<publish_receipt> topic_hub_state::publish(const publication& what) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the service is stopping");
  if (!detail::valid_name(what.topic))
    return caf::make_error(ec::invalid_argument, "this is no name of a topic");
  auto* to = open(what.topic);
  if (!to)
    return no_topic();
  touch(*to);
  const auto now = self_->clock().now();
  page_ptr ahead;
  const auto overtakes = what.critical && config_.overtake;
  const auto taken = with_room([&] {
    if (!overtakes)
      return to->add(what.data, *config_.memory, now);
    ahead = to->overtake(what.data, *config_.memory);
    return ahead != nullptr;
  });
  if (!taken)
    return caf::make_error(ec::overloaded, "the memory of all topics together is full");
  ++published_;
  const publish_receipt receipt{to->last(), to->follower_count()};
  if (ahead) {
    gathering round;
    round.add(ahead, to->followers());
    delivered_ += to->followers().size();
    send(round);
  }
  if (what.critical && !overtakes) {
    to->seal(true);
    wait_for_window(*to);
    flush();
  } else if (!config_.batching || to->full()) {
    to->end_page(now);
    send_now(*to);
    leave_window(*to);
  } else if (to->has_waiting()) {
    wait_for_window(*to);
  }
  return receipt;
}

template <class Add>
bool topic_hub_state::with_room(Add add) {
  while (!add()) {
    if (kept_.pages.empty()) {
      shed();
      return false;
    }
    kept_.pages.front().owner->forget_oldest();
  }
  if (!is_short())
    memory_short_.clear();
  return true;
}

/// Whether so little is left that slow connections have to give way, while there still
/// is room for what comes until they have.
bool topic_hub_state::is_short() const {
  return config_.memory->used_bytes() > config_.memory->limit_bytes() / 8 * 7;
}

void topic_hub_state::shed() {
  memory_short_.note("connections that are too slow hold most of the "
                     + std::to_string(config_.memory->limit_bytes())
                     + " bytes that websocket.max-total-queue-bytes allows");
  if (self_->clock().now() < may_shed_at_)
    return;
  may_shed_at_ = self_->clock().now() + shed_pause;
  for (const auto& [address, each] : followers_)
    self_->send(each->who, atom::shed_v);
}

// -- sending ------------------------------------------------------------------------

void topic_hub_state::wait_for_window(topic& which) {
  if (!std::exchange(which.listed, true))
    dirty_.push_back(&which);
  window_.open(self_, config_.batch_interval);
}

void topic_hub_state::leave_window(topic& which) {
  if (!std::exchange(which.listed, false))
    return;
  std::erase(dirty_, &which);
  if (dirty_.empty())
    window_.close();
}

void topic_hub_state::hand_out(gathering& round, topic& which) {
  which.seal();
  for (const auto& page : which.take_waiting()) {
    delivered_ += page->count() * which.followers().size();
    round.add(page, which.followers());
  }
}

void topic_hub_state::send_now(topic& which) {
  gathering round;
  hand_out(round, which);
  send(round);
}

void topic_hub_state::send(gathering& round) {
  // Whatever was sent is history now, which leaves half of the memory to the queues.
  while (kept_.bytes > config_.memory->limit_bytes() / 2)
    kept_.pages.front().owner->forget_oldest();
  if (is_short())
    shed();
  round.finish([this](const follower& to, delivery what) {
    self_->send(to.who, atom::deliver_v, std::move(what));
  });
}

uint64_t topic_hub_state::flush() {
  const auto before = delivered_;
  gathering round;
  for (auto* each : std::exchange(dirty_, {})) {
    each->listed = false;
    hand_out(round, *each);
  }
  send(round);
  window_.close();
  return delivered_ - before;
}

void topic_hub_state::on_tick(uint64_t generation) {
  if (!window_.ends(self_, generation))
    return;
  for (auto* each : dirty_)
    each->end_page(self_->clock().now());
  flush();
}

// -- telling ------------------------------------------------------------------------

void topic_hub_state::on_losses(uint64_t messages, bool closed) {
  dropped_ += messages;
  closed_slow_ += closed ? 1 : 0;
}

topic_hub_stats topic_hub_state::stats() const {
  topic_hub_stats result;
  result.epoch = config_.epoch;
  result.topics = topics_.size();
  for (const auto& [address, each] : followers_)
    result.subscriptions += each->topics.size();
  result.published = published_;
  result.delivered = delivered_;
  result.dropped = dropped_;
  result.held_bytes = config_.memory->used_bytes();
  result.history_bytes = kept_.bytes;
  return result;
}

status_report topic_hub_state::status() const {
  const auto numbers = stats();
  status_report report;
  report.name = name;
  report.held_bytes = numbers.held_bytes;
  report.state = {{"topics", static_cast<int64_t>(numbers.topics)},
                  {"followers", static_cast<int64_t>(followers_.size())},
                  {"subscriptions", static_cast<int64_t>(numbers.subscriptions)},
                  {"published", static_cast<int64_t>(numbers.published)},
                  {"delivered", static_cast<int64_t>(numbers.delivered)},
                  {"dropped", static_cast<int64_t>(numbers.dropped)},
                  {"historyBytes", static_cast<int64_t>(numbers.history_bytes)},
                  {"nameBytes", static_cast<int64_t>(names_->used_bytes())}};
  report.troubles = {{"websocket-messages-dropped", dropped_},
                     {"websocket-slow-client-closed", closed_slow_},
                     {"websocket-topic-forgotten", forgotten_},
                     {"websocket-topics-refused", topics_refused_},
                     {"websocket-subscriptions-refused", subscriptions_refused_}};
  memory_short_.tell(report);
  return report;
}

stop_report topic_hub_state::stop() {
  stopping_ = true;
  stop_report report;
  report.name = name;
  flush();
  // One part more; what is then left of a history is a gap for who comes back.
  for (const auto& [address, each] : followers_)
    if (!each->behind.empty())
      send_missed(each->who);
  self_->quit();
  return report;
}

topic_hub_actor::behavior_type
topic_hub(topic_hub_actor::stateful_pointer<topic_hub_state> self,
          topic_hub_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::publish, const publication& what) { return state->publish(what); },
    [state](atom::subscribe, const subscriber_actor& who, framing how,
            const std::vector<subscription>& topics) {
      return state->subscribe(who, how, topics);
    },
    [state](atom::history, const subscriber_actor& who) { state->send_missed(who); },
    [state](atom::leave, const subscriber_actor& who,
            const std::vector<std::string>& topics) { return state->leave(who, topics); },
    [state](atom::flush) { return state->flush(); },
    [state](atom::stats) { return state->stats(); },
    [state](atom::report, uint64_t messages, bool closed) {
      state->on_losses(messages, closed);
    },
    [state](atom::tick, uint64_t generation) { state->on_tick(generation); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
