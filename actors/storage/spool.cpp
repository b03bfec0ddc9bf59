#include "actors/storage/spool.hpp"

#include "actors/storage/spool_journal.hpp"

#include <forward_list>
#include <mutex>

namespace sluice {

struct spool::implementation {
  spool_config config;
  mutable std::mutex mutex;
  std::unique_ptr<spool_journal> journal;
  /// Every id that it had, the latest first: who holds a reference keeps it.
  std::forward_list<std::string> ids;

  std::lock_guard<std::mutex> lock() const { return std::lock_guard{mutex}; }
};

spool::spool(std::unique_ptr<implementation> impl) : impl_(std::move(impl)) {}

spool::~spool() = default;

caf::expected<std::shared_ptr<spool>> spool::open(spool_config config) {
  auto journal = spool_journal::open(config);
  if (!journal)
    return std::move(journal.error());
  auto impl = std::make_unique<implementation>();
  impl->config = std::move(config);
  impl->journal = std::move(*journal);
  impl->ids.push_front(impl->journal->id());
  return std::shared_ptr<spool>{new spool(std::move(impl))};
}

const std::string& spool::id() const {
  auto held = impl_->lock();
  return impl_->ids.front();
}

lane_id spool::lane(lane_kind kind, const std::string& name) {
  auto held = impl_->lock();
  return impl_->journal->lane(kind, name);
}

lane_id spool::find_lane(lane_kind kind, const std::string& name) const {
  auto held = impl_->lock();
  return impl_->journal->find_lane(kind, name);
}

void spool::forget(lane_id lane) {
  auto held = impl_->lock();
  impl_->journal->forget(lane);
}

std::vector<lane_id> spool::lanes() const {
  auto held = impl_->lock();
  return impl_->journal->lanes();
}

lane_state spool::state(lane_id lane) const {
  auto held = impl_->lock();
  return impl_->journal->state(lane);
}

std::vector<spool_record> spool::read(lane_id lane, uint64_t after) const {
  auto held = impl_->lock();
  return impl_->journal->read(lane, after);
}

caf::error spool::append(lane_id lane, uint64_t last_seq, uint64_t count,
                         std::string_view data,
                         std::chrono::steady_clock::time_point now) {
  auto held = impl_->lock();
  if (now != std::chrono::steady_clock::time_point{})
    impl_->journal->look_for_files(now);
  return impl_->journal->append(lane, last_seq, count, data);
}

void spool::begin_batch(lane_id lane, const batch_note& note) {
  auto held = impl_->lock();
  impl_->journal->begin_batch(lane, note);
}

void spool::written(lane_id lane, uint64_t seq) {
  auto held = impl_->lock();
  impl_->journal->written(lane, seq);
}

void spool::doubt(lane_id lane, const sync_doubt& what) {
  auto held = impl_->lock();
  impl_->journal->doubt(lane, what);
}

void spool::released(lane_id lane, uint64_t seq) {
  auto held = impl_->lock();
  impl_->journal->released(lane, seq);
}

spool_fill spool::fill() const {
  auto held = impl_->lock();
  return impl_->journal->fill();
}

bool spool::has_room() const {
  auto held = impl_->lock();
  return impl_->journal->has_room();
}

bool spool::pages_locked() const {
  auto held = impl_->lock();
  return impl_->journal->pages_locked();
}

size_t spool::notes_dropped() const {
  auto held = impl_->lock();
  return impl_->journal->notes_dropped();
}

bool spool::check_place() {
  auto held = impl_->lock();
  return impl_->journal->check_place();
}

bool spool::available() const {
  auto held = impl_->lock();
  return impl_->journal->available();
}

bool spool::needs_care() {
  auto held = impl_->lock();
  auto& journal = *impl_->journal;
  return !journal.check_place() || journal.is_crowded_out()
         || journal.is_short_of_lanes();
}

bool spool::is_short_of_lanes() {
  auto held = impl_->lock();
  return impl_->journal->is_short_of_lanes();
}

caf::error spool::renew() {
  auto held = impl_->lock();
  auto next = spool_journal::renew(impl_->config, *impl_->journal);
  if (!next)
    return std::move(next.error());
  impl_->journal = std::move(*next);
  impl_->ids.push_front(impl_->journal->id());
  return caf::none;
}

bool spool::remove_empty() {
  auto held = impl_->lock();
  return impl_->journal->remove_empty();
}

uint64_t spool::begin_replay(lane_id lane, uint64_t last_seq) {
  auto held = impl_->lock();
  return impl_->journal->begin_replay(lane, last_seq);
}

uint64_t spool::begin_replay_from(lane_id lane, uint64_t last_seq) {
  auto held = impl_->lock();
  return impl_->journal->begin_replay_from(lane, last_seq);
}

void spool::pause_replay(lane_id lane) {
  auto held = impl_->lock();
  impl_->journal->pause_replay(lane);
}

void spool::end_replay(lane_id lane) {
  auto held = impl_->lock();
  impl_->journal->end_replay(lane);
}

bool spool::died_in_replay() const {
  auto held = impl_->lock();
  return impl_->journal->died_in_replay();
}

} // namespace sluice
