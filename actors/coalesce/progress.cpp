#include "actors/coalesce/progress.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace sluice::coalesce {

namespace {

constexpr auto everybody = std::numeric_limits<uint64_t>::max();

} // namespace

// -- how far ----------------------------------------------------------------------

void progress::resume(uint64_t accepted, uint64_t written, uint64_t synced) {
  accepted_ = accepted;
  written_ = std::min(written, accepted_);
  synced_ = std::min(synced, written_);
}

void progress::wrote(uint64_t seq) {
  written_ = std::max(written_, std::min(seq, accepted_));
  answer_up_to(for_written_, written_, {});
}

void progress::sync(uint64_t seq) {
  synced_ = std::max(synced_, std::min(seq, written_));
  answer_up_to(for_synced_, synced_, {});
}

void progress::lose(uint64_t kept) {
  written_ = std::min(written_, kept);
  synced_ = std::min(synced_, kept);
}

// -- who waits --------------------------------------------------------------------

caf::error progress::room_for(durability level) {
  if (waiters_of(level).size() < waiters_max)
    return {};
  return caf::make_error(ec::overloaded, level == durability::disk
                                           ? "too many requests wait for the disk"
                                           : "too many requests wait for a flush");
}

caf::error progress::await(durability level, uint64_t seq, answer what) {
  auto err = room_for(level);
  if (!err)
    waiters_of(level).push_back({seq, std::move(what)});
  return err;
}

void progress::fail(durability level, const caf::error& why) {
  answer_up_to(waiters_of(level), everybody, why);
}

void progress::fail(const caf::error& why) {
  fail(durability::ram, why);
  fail(durability::disk, why);
}

bool progress::wants_sync(uint64_t up_to) const {
  return std::any_of(for_synced_.begin(), for_synced_.end(),
                     [up_to](const waiter& x) { return x.seq <= up_to; });
}

/// Whoever is answered may come again at once: he is no waiter any more then.
void progress::answer_up_to(waiters& all, uint64_t seq, const caf::error& why) {
  const auto beyond = [seq](const waiter& x) { return x.seq > seq; };
  const auto first = std::stable_partition(all.begin(), all.end(), beyond);
  const waiters answered{std::make_move_iterator(first),
                         std::make_move_iterator(all.end())};
  all.erase(first, all.end());
  for (const auto& x : answered)
    x.what(why);
}

} // namespace sluice::coalesce
