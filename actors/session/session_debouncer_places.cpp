// Which stores the debouncer knows. Clients choose their names, so only so many may hold
// something, and of those that hold nothing only so many are remembered: the others are
// asked for again when somebody wants them. A store gives its place away, the longest
// unused first, once all that came while it had it is on disk.

#include "actors/session/journal_recovery.hpp"
#include "actors/session/session_debouncer.hpp"

#include <algorithm>
#include <vector>

namespace sluice {

namespace {

/// One place in so many is made at once, so that not each new store has to look for its
/// own; and so often that is done before all are taken.
constexpr uint64_t places_share = 8;
constexpr uint64_t early_share = 16;

} // namespace

bool session_debouncer_state::has_place(const store_line& line) {
  if (lines_.size() <= config_.max_stores || line.sessions.sessions() > 0)
    return true;
  make_places(&line);
  return lines_.size() <= config_.max_stores;
}

caf::error session_debouncer_state::no_place() {
  ++stores_refused_;
  return caf::make_error(ec::overloaded,
                         "session.max-stores=" + std::to_string(config_.max_stores)
                           + " stores hold updates that are not on disk yet; they are "
                             "being written: try again");
}

caf::error session_debouncer_state::let_in(store_line& line) {
  const auto& known = line.sessions.stored();
  if (line.let_in || known.entries > 0 || line.sessions.sessions() > 0
      || !known.mark.spool_id.empty())
    return caf::none;
  auto err = files_.let_in({known.store + journal_suffix, known.store + snapshot_suffix},
                           self_->clock().now());
  line.let_in = !err;
  return err;
}

/// Ends those that may go; the next ones are brought to disk, so that they may.
void session_debouncer_state::make_places(const store_line* keep) {
  const auto full = lines_.size() >= config_.max_stores;
  const auto short_soon = lines_.size() >= config_.max_stores / 4 * 3
                          && opened_ >= config_.max_stores / early_share;
  if (!full && !short_soon)
    return;
  opened_ = 0;
  std::vector<store_line*> chosen;
  for (auto& [store, line] : lines_)
    if (&line != keep && may_end(line) && (full || line.sessions.waiting().empty()))
      chosen.push_back(&line);
  const auto excess =
    lines_.size() - std::min<uint64_t>(lines_.size(), config_.max_stores);
  const auto wanted = std::max<uint64_t>(config_.max_stores / places_share, 1) + excess;
  const auto count = std::min<uint64_t>(wanted, chosen.size());
  std::partial_sort(chosen.begin(), chosen.begin() + static_cast<ptrdiff_t>(count),
                    chosen.end(),
                    [](const auto* x, const auto* y) { return x->used < y->used; });
  chosen.resize(count);
  for (auto* line : chosen) {
    if (line->is_on_disk())
      end_line(*line);
    else
      bring_to_disk(*line);
  }
}

/// Whether nothing is going on in it, and nobody waits for anything of it.
bool session_debouncer_state::may_end(const store_line& line) const {
  return stopping_.empty() && line.restored && line.failures == 0 && !line.busy
         && !line.maintaining && !line.replacing && !line.lost_after
         && line.waiters.empty() && line.loads.empty() && line.whole_waiters.empty()
         && line.held.empty() && line.pruners.empty() && line.asked.empty();
}

void session_debouncer_state::bring_to_disk(store_line& line) {
  line.waiters.push_back(
    {line.sessions.last_seq(), durability::disk, [](const caf::error&) {}, false});
  launch(line);
}

void session_debouncer_state::end_line(store_line& line) {
  if (line.lane)
    line.lane.forget();
  else
    number_floor_ = std::max(number_floor_, line.sessions.last_seq());
  stores_elsewhere_ += line.sessions.stored().entries > 0;
  lines_.erase(std::string{line.sessions.name()});
}

} // namespace sluice
