// How the queue gets back what the spool holds: at its start, and when the database lost
// commits to an I/O error.
#include "actors/database/sql_codec.hpp"
#include "actors/database/sql_queue.hpp"
#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <random>
#include <utility>

namespace sluice {

namespace {

constexpr auto any_number = std::numeric_limits<uint64_t>::max();

/// 128 random bits in hex: numbers given without a spool mean nothing to another run.
std::string random_id() {
  constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 32; ++i)
    id += digits[random() & 15];
  return id;
}

} // namespace

void sql_queue_state::init(sql_queue_config config, database_actor database) {
  config_ = std::move(config);
  database_ = std::move(database);
  flight_ = coalesce::flight{config_.grid};
  lane_ = coalesce::lane{config_.spool, config_.keeper, lane_kind::queue, "sql"};
  id_ = lane_ ? lane_.spool_id() : random_id();
  const auto kept = lane_.state();
  progress_.resume(kept.appended, kept.written, kept.released);
  apply_if_due();
}

/// A spool that was begun anew has another identity; the numbers go on.
void sql_queue_state::adopt_id() {
  if (!lane_ || lane_.spool_id() == id_)
    return;
  id_ = lane_.spool_id();
  held_ = 0;
  held_on_disk_ = 0;
}

/// The database has told its mark: what it does not hold is brought back.
void sql_queue_state::restore(const queue_mark& mark) {
  ready_ = true;
  held_ = mark.seq;
  // Numbers of what was only in memory may be beyond the spool's.
  const auto last = std::max(progress_.accepted(), mark.seq);
  auto items = read_kept(mark.seq, any_number, mark);
  stats_.restored = items.size();
  const auto applied = put_in_front(std::move(items), last);
  progress_.resume(last, applied, progress_.synced());
  lane_.written(applied);
  flight_.resume(applied, last);
  flight_.want(last);
  // Some may have asked before the numbers were known.
  progress_.wrote(applied);
  progress_.sync(progress_.synced());
}

/// The database holds less than it did.
void sql_queue_state::fall_back(const queue_mark& mark) {
  const auto written = progress_.written();
  const auto missing =
    written - std::min(written, std::max(mark.seq, progress_.synced()));
  held_ = mark.seq;
  held_on_disk_ = std::min(held_on_disk_, mark.seq);
  auto items = read_kept(mark.seq, written, mark);
  if (items.size() < missing)
    lost_.note(std::to_string(missing - items.size())
               + " queued writes were committed, are not in the database that is there "
                 "now, and are kept nowhere else");
  const auto applied = put_in_front(std::move(items), written);
  // It is not to be given up where room is short, as what is in the database may be.
  if (applied < written)
    lane_.begin_batch({{}, applied + 1, written});
  progress_.lose(applied);
  flight_.resume(applied, progress_.accepted());
  flight_.want(progress_.accepted());
}

/// Reads from the spool what the mark does not cover.
std::deque<sql_queue_state::item>
sql_queue_state::read_kept(uint64_t after, uint64_t up_to, const queue_mark& mark) const {
  std::deque<item> result;
  const auto written = lane_.state().written;
  for (auto& record : lane_.read(after)) {
    if (record.last_seq > up_to)
      continue;
    item x;
    x.what.seq = record.last_seq;
    x.restored = true;
    x.since = self_->clock().now();
    if (auto stored = decode(record.data)) {
      // Another database took it before somebody put this one in its place.
      auto elsewhere = !stored->database.empty() && !mark.database.empty()
                       && stored->database != mark.database;
      if (elsewhere && record.last_seq <= written)
        continue;
      x.bytes = sqlite::size_of(stored->write);
      x.what.write.data = std::make_shared<const sql_write>(std::move(stored->write));
    } else {
      x.bytes = record.data.size();
      x.what.refusal = text_of(stored.error());
      x.what.unreadable = std::move(record.data);
    }
    result.push_back(std::move(x));
  }
  return result;
}

/// Returns up to which number all is applied then, which was `applied` before.
uint64_t sql_queue_state::put_in_front(std::deque<item> items, uint64_t applied) {
  if (items.empty())
    return applied;
  applied = items.front().what.seq - 1;
  for (const auto& x : items)
    bytes_ += x.bytes;
  waiting_.insert(waiting_.begin(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  return applied;
}

/// Notes in the spool that this write, and those behind it, are about to be applied. If
/// earlier starts died with one of them, they are not taken together, and in the end that
/// one is set aside.
void sql_queue_state::begin_replay(item& front) {
  replaying_ = true;
  const auto seq = front.what.seq;
  if (careful_ == 0 && lane_.begin_replay_from(seq) > 0)
    careful_ = config_.batch_writes_max;
  if (careful_ == 0)
    return;
  auto deaths = lane_.begin_replay(seq);
  if (deaths >= replay_deaths_max && front.what.refusal.empty())
    front.what.refusal =
      "the service died " + std::to_string(deaths) + " times while it applied this";
}

/// A kill while the queue waits says nothing about what it was to apply.
void sql_queue_state::pause_replay() {
  if (replaying_)
    lane_.pause_replay();
}

void sql_queue_state::end_replay() {
  careful_ = 0;
  if (std::exchange(replaying_, false))
    lane_.end_replay();
}

} // namespace sluice
