#include "actors/coalesce/lane.hpp"

#include "messages/error.hpp"

#include <caf/send.hpp>

#include <utility>

namespace sluice::coalesce {

lane::lane(std::shared_ptr<spool> in, spool_keeper_actor keeper, lane_kind kind,
           const std::string& name)
    : spool_(std::move(in)), keeper_(std::move(keeper)) {
  if (spool_)
    id_ = spool_->lane(kind, name);
}

// -- taking in --------------------------------------------------------------------

caf::expected<durability> lane::take(uint64_t last_seq, uint64_t count,
                                     std::string_view data, durability at_least,
                                     caf::actor_clock::time_point now) {
  if (!spool_)
    return decline(at_least);
  auto err = spool_->append(id_, last_seq, count, data, now);
  if (!err)
    return durability::ram;
  look_after();
  if (code_of(err) != ec::unavailable)
    return err;
  return decline(at_least);
}

caf::expected<durability> lane::decline(durability at_least) {
  if (at_least <= durability::memory)
    return durability::memory;
  return caf::make_error(ec::unavailable,
                         "there is no spool in RAM, or no place in it for this: ask for "
                         "memory, disk, or no level");
}

durability lane::level() const {
  return spool_ && spool_->check_place() ? durability::ram : durability::memory;
}

bool lane::is_available() const {
  return spool_ && spool_->available();
}

bool lane::has_room() const {
  return spool_ && spool_->has_room();
}

void lane::look_after() const {
  if (spool_ && spool_->needs_care() && keeper_)
    caf::anon_send(keeper_, atom::check_v);
}

// -- what it holds ----------------------------------------------------------------

std::string lane::spool_id() const {
  return spool_ ? spool_->id() : std::string{};
}

lane_state lane::state() const {
  return spool_ ? spool_->state(id_) : lane_state{};
}

std::vector<spool_record> lane::read(uint64_t after) const {
  return spool_ ? spool_->read(id_, after) : std::vector<spool_record>{};
}

void lane::written(uint64_t seq) const {
  if (spool_)
    spool_->written(id_, seq);
}

void lane::released(uint64_t seq) const {
  if (spool_)
    spool_->released(id_, seq);
}

void lane::begin_batch(const batch_note& note) const {
  if (spool_)
    spool_->begin_batch(id_, note);
}

void lane::doubt(const sync_doubt& what) const {
  if (spool_)
    spool_->doubt(id_, what);
}

void lane::forget() const {
  if (spool_)
    spool_->forget(id_);
}

// -- replay -----------------------------------------------------------------------

uint64_t lane::begin_replay(uint64_t last_seq) const {
  return spool_ ? spool_->begin_replay(id_, last_seq) : 0;
}

uint64_t lane::begin_replay_from(uint64_t last_seq) const {
  return spool_ ? spool_->begin_replay_from(id_, last_seq) : 0;
}

void lane::pause_replay() const {
  if (spool_)
    spool_->pause_replay(id_);
}

void lane::end_replay() const {
  if (spool_)
    spool_->end_replay(id_);
}

} // namespace sluice::coalesce
