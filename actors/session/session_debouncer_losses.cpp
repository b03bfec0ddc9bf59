// A session store may lose with an I/O error what it had answered: a database is reopened
// and holds less then, and of files nobody knows after a failed sync which pages the
// kernel forgot. The spool has the rest.

#include "actors/session/session_debouncer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

void session_debouncer_state::on_recovered(
  const std::vector<session_store_info>& stores) {
  for (auto& [store, line] : lines_) {
    if (!line.lane)
      continue;
    auto told = std::find_if(stores.begin(), stores.end(),
                             [&name = store](const auto& x) { return x.store == name; });
    note_loss(line,
              line.lane.after_loss(told == stores.end() ? session_mark{} : told->mark));
    if (line.busy) {
      tell_spool_of_loss(line);
      continue;
    }
    bring_back(line);
    answer_waiters(line);
    after_flight(line);
  }
}

void session_debouncer_state::note_loss(store_line& line, uint64_t kept) {
  line.lost_after = line.lost_after ? std::min(*line.lost_after, kept) : kept;
}

/// A flush is on its way, and its mark would hide what was lost from whoever comes after
/// a death before it is answered: the spool knows first.
void session_debouncer_state::tell_spool_of_loss(store_line& line) {
  if (*line.lost_after < line.sessions.committed_seq())
    line.lane.take_back(*line.lost_after, line.sessions.flight_seq());
}

/// What is beyond the store's mark waits again, unless something newer does.
void session_debouncer_state::bring_back(store_line& line) {
  auto& sessions = line.sessions;
  const auto after = *std::exchange(line.lost_after, caf::none);
  const auto last = sessions.committed_seq();
  if (after >= last)
    return;
  line.lane.take_back(after, last);
  for (auto& change : lost_changes(line, after)) {
    const auto* newer = sessions.find(change.key);
    if (change.seq > last || (newer && newer->seq > change.seq))
      continue;
    auto x = make_unwritten(std::move(change.document), {});
    x.erased = change.erased;
    x.updated_at_ms = change.updated_at_ms;
    x.seq = change.seq;
    x.in_spool = true;
    count_coalesced(sessions.restore(change.key, std::move(x)));
  }
  sessions.lost(after);
  line.waiters.push_back({last, durability::disk, [](const caf::error&) {}, false});
}

std::vector<session_change> session_debouncer_state::lost_changes(const store_line& line,
                                                                  uint64_t after) const {
  std::vector<session_change> result;
  for (auto& record : line.lane.read(after))
    if (auto found = read_session_record(record))
      std::move(found->begin(), found->end(), std::back_inserter(result));
  return result;
}

} // namespace sluice
