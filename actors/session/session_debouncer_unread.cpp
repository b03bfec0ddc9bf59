// Stores that cannot be read. What is in one is unknown then, which is not the same as
// nothing: it answers every request with the reason, takes nothing, and what the spool
// has for it stays there. It is tried again whenever somebody asks, and now and then.

#include "actors/session/session_debouncer.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// Stores that are tried again though nobody asks, and nothing waits for them.
constexpr size_t unread_max = 256;

} // namespace

void session_debouncer_state::with_store(const std::string& store, held_request request) {
  auto* known = totals_known_ ? find_line(store) : nullptr;
  if (known && known->known) {
    known->used = ++uses_;
    request.run();
    return;
  }
  auto refuse = request.refuse;
  auto run = [this, store, request = std::move(request)] {
    auto* line = find_line(store);
    if (line && line->known) {
      request.run();
    } else {
      unread_[store].waiting.push_back(request);
      ask_store(store);
    }
    return true;
  };
  with_totals({std::move(run), std::move(refuse)});
}

void session_debouncer_state::ask_store(const std::string& store) {
  if (std::exchange(unread_[store].asking, true))
    return;
  self_->request(store_, caf::infinite, atom::stores_v, store)
    .then([this, store](const session_store_info& x) { store_answered(store, x); },
          [this, store](caf::error& err) { store_answered(store, std::move(err)); });
}

void session_debouncer_state::store_answered(
  const std::string& store, const caf::expected<session_store_info>& found) {
  auto& entry = unread_[store];
  entry.asking = false;
  auto waiting = std::exchange(entry.waiting, {});
  auto err = found ? take_up_store(*found) : found.error();
  if (err)
    note_unread(store, err);
  else
    unread_.erase(store);
  for (auto& request : waiting) {
    if (err)
      request.refuse(err);
    else
      request.run();
  }
}

/// Opens the store, or goes on with it; one that is not there needs no line.
caf::error session_debouncer_state::take_up_store(const session_store_info& found) {
  auto* line = find_line(found.store);
  auto empty = found.entries == 0 && found.mark.spool_id.empty();
  if (!line && empty && !has_lane(found.store))
    return caf::none;
  if (!line) {
    line = &open_line(found);
    stores_elsewhere_ -= stores_elsewhere_ > 0 && !empty;
  } else {
    line->sessions.told(found);
  }
  auto err = restore(*line);
  line->lane.end_replay();
  line->known = !err;
  return err;
}

void session_debouncer_state::note_unread(const std::string& store,
                                          const caf::error& why) {
  auto& entry = unread_[store];
  entry.problem = why;
  if (entry.asking || !stopping_.empty())
    return;
  if (unread_.size() > unread_max && left_in_spool(store) == 0)
    unread_.erase(store);
  else
    entry.retry.open<atom::retry>(self_, entry.pause.next(), store);
}

void session_debouncer_state::retry_unread(const std::string& store,
                                           uint64_t generation) {
  auto entry = unread_.find(store);
  if (entry != unread_.end()
      && entry->second.retry.ends<atom::retry>(self_, generation, store))
    ask_store(store);
}

/// A device that does not give what it has is as good as away: no request is wrong.
caf::error session_debouncer_state::unread(store_line& line, const caf::error& why) {
  doubt(line);
  return code_of(why) == ec::disk_failed ? caf::make_error(ec::unavailable, text_of(why))
                                         : why;
}

bool session_debouncer_state::has_lane(const std::string& store) const {
  return config_.spool && config_.spool->find_lane(lane_kind::session, store) != 0;
}

uint64_t session_debouncer_state::left_in_spool(const std::string& store) const {
  auto line = lines_.find(store);
  if (!config_.spool || (line != lines_.end() && line->second.restored))
    return 0;
  auto lane = config_.spool->find_lane(lane_kind::session, store);
  auto state = lane == 0 ? lane_state{} : config_.spool->state(lane);
  return state.appended - std::min(state.written, state.appended);
}

} // namespace sluice
