#include "actors/lifecycle/persist_round.hpp"

#include "messages/error.hpp"

#include <limits>
#include <memory>
#include <utility>

namespace sluice {

namespace {

/// A number that nothing has reached: everything so far.
constexpr uint64_t everything = std::numeric_limits<uint64_t>::max();

struct round {
  supervisor_actor::pointer self;
  caf::timespan patience;
  std::function<bool(const log_entry&)> has_retired;
  std::function<void(const std::vector<std::string>&)> done;
  size_t open = 1;
  std::vector<std::string> failures = {};

  void close_one() {
    if (--open == 0)
      done(failures);
  }

  void failed(const std::string& who, const caf::error& err) {
    failures.push_back(
      who + ": "
      + (err == caf::sec::request_timeout ? "it takes too long" : text_of(err)));
    close_one();
  }

  void log_failed(const log_entry& log, const caf::error& err) {
    if (err == caf::sec::request_receiver_down && has_retired(log))
      close_one();
    else
      failed("log " + log.name, err);
  }
};

using round_ptr = std::shared_ptr<round>;

void sync_log(const round_ptr& x, const log_entry& log) {
  x->self->request(log.buffer, x->patience, atom::persist_v, everything)
    .then([x](durability) { x->close_one(); },
          [x, log](const caf::error& err) { x->log_failed(log, err); });
}

/// The flush first: it tells at once when the disk refuses, where a sync would wait.
void persist_log(const round_ptr& x, const log_entry& log) {
  ++x->open;
  x->self->request(log.buffer, x->patience, atom::flush_v)
    .then([x, log](const flush_report&) { sync_log(x, log); },
          [x, log](const caf::error& err) { x->log_failed(log, err); });
}

void persist_store(const round_ptr& x, const session_debouncer_actor& sessions,
                   const std::string& store) {
  ++x->open;
  x->self
    ->request(sessions, x->patience, atom::persist_v, store, everything, durability::disk)
    .then(
      [x](durability) { x->close_one(); },
      [x, store](const caf::error& err) { x->failed("session store " + store, err); });
}

void sync_queue(const round_ptr& x, const sql_queue_actor& queue) {
  x->self->request(queue, x->patience, atom::persist_v, everything)
    .then([x](durability) { x->close_one(); },
          [x](const caf::error& err) { x->failed("queued SQL", err); });
}

void persist_queue(const round_ptr& x, const sql_queue_actor& queue) {
  ++x->open;
  x->self->request(queue, x->patience, atom::flush_v)
    .then([x, queue](const flush_report&) { sync_queue(x, queue); },
          [x](const caf::error& err) { x->failed("queued SQL", err); });
}

} // namespace

void persist_all(supervisor_actor::pointer self, const persist_targets& who,
                 caf::timespan patience,
                 std::function<void(const std::vector<std::string>&)> done) {
  auto x =
    std::make_shared<round>(round{self, patience, who.has_retired, std::move(done)});
  for (const auto& log : who.logs)
    persist_log(x, log);
  for (const auto& store : who.stores)
    persist_store(x, who.sessions, store);
  if (who.queue)
    persist_queue(x, who.queue);
  x->close_one();
}

} // namespace sluice
