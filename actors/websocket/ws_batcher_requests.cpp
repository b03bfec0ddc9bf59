// What a client asks for, and what it is answered: the answers wait for no window.

#include "actors/detail/json_text.hpp"
#include "actors/websocket/page_builder.hpp"
#include "actors/websocket/ws_batcher.hpp"

#include <caf/variant.hpp>

#include <utility>

namespace sluice {

void ws_batcher_state::handle(ws_request& asked) {
  if (closing_)
    return;
  caf::visit([&](auto& what) { (*this)(asked.id, what); }, asked.what);
}

void ws_batcher_state::operator()(const std::string& id, const ws_mistake& x) {
  answer_error(id, x.code, x.detail);
}

void ws_batcher_state::operator()(const std::string& id, ws_subscribe& x) {
  self_
    ->request(hub_, caf::infinite, atom::subscribe_v, subscriber_actor{self_},
              client_.how, x.topics)
    .then(
      [this, id, topics = std::move(x.topics),
       charge = std::move(x.charge)](const std::string& epoch) {
        for (const auto& each : topics) {
          topics_.insert(each.topic);
          behind_ = behind_ || each.after;
        }
        answer_ok(id, R"(,"epoch":")" + epoch + '"');
      },
      [this, id](const caf::error& why) { answer_error(id, why); });
}

void ws_batcher_state::operator()(const std::string& id, ws_unsubscribe& x) {
  self_->request(hub_, caf::infinite, atom::leave_v, subscriber_actor{self_}, x.topics)
    .then(
      [this, id, topics = std::move(x.topics), charge = std::move(x.charge)](bool) {
        for (const auto& each : topics)
          topics_.erase(each);
        answer_ok(id);
      },
      [this, id](const caf::error& why) { answer_error(id, why); });
}

void ws_batcher_state::operator()(const std::string& id, publication& x) {
  self_->request(hub_, caf::infinite, atom::publish_v, std::move(x))
    .then(
      [this, id](const publish_receipt& receipt) {
        answer_ok(id, R"(,"seq":)" + std::to_string(receipt.seq));
      },
      [this, id](const caf::error& why) { answer_error(id, why); });
}

void ws_batcher_state::operator()(const std::string& id, const ws_flush&) {
  self_->request(hub_, caf::infinite, atom::flush_v)
    .then([this, id](uint64_t) { answer_ok(id); },
          [this, id](const caf::error& why) { answer_error(id, why); });
}

// -- answers ------------------------------------------------------------------------

namespace {

/// An answer up to behind what it answers; the id is JSON already.
std::string begin_answer(const std::string& id) {
  return id.empty() ? "{" : R"({"id":)" + id + ',';
}

} // namespace

void ws_batcher_state::answer(const std::string& message) {
  if (closing_)
    return;
  queue_.push_answer(notice_page(message, client_.how));
  pump();
  keep_within();
}

void ws_batcher_state::answer_ok(const std::string& id, const std::string& more) {
  answer(begin_answer(id) + R"("ok":true)" + more + '}');
}

void ws_batcher_state::answer_error(const std::string& id, std::string_view code,
                                    std::string_view detail) {
  auto text = begin_answer(id) + R"("error":{"code":)";
  json::append_quoted(text, code);
  text += R"(,"detail":)";
  json::append_quoted(text, detail);
  answer(text + "}}");
}

void ws_batcher_state::answer_error(const std::string& id, const caf::error& why) {
  answer_error(id, to_string(code_of(why)), text_of(why));
}

} // namespace sluice
