#include "actors/session/pending_store.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// What a session adds to its store.
int64_t growth_of(const std::string& key, const unwritten_session& x) {
  return static_cast<int64_t>(bytes_of(key, x)) - static_cast<int64_t>(x.replaces_bytes);
}

} // namespace

// -- reading -----------------------------------------------------------------------

const unwritten_session* pending_store::find(const std::string& key) const {
  if (auto newest = waiting_.find(key); newest != waiting_.end())
    return &newest->second;
  if (auto flying = in_flight_.find(key); flying != in_flight_.end())
    return &flying->second;
  return nullptr;
}

uint64_t pending_store::sessions() const {
  auto only_flying = [this](const auto& x) { return !waiting_.contains(x.first); };
  return waiting_.size()
         + std::count_if(in_flight_.begin(), in_flight_.end(), only_flying);
}

uint64_t pending_store::new_sessions() const {
  uint64_t sum = 0;
  for (auto& [key, x] : waiting_)
    sum += !x.erased;
  for (auto& [key, x] : in_flight_)
    sum += !x.erased && !waiting_.contains(key);
  return sum;
}

uint64_t pending_store::held_bytes() const {
  uint64_t sum = 0;
  for (auto sessions : {&waiting_, &in_flight_})
    for (auto& [key, session] : *sessions)
      sum += key.size() + session.document.size();
  return sum;
}

caf::optional<caf::actor_clock::time_point> pending_store::oldest() const {
  caf::optional<caf::actor_clock::time_point> result;
  for (auto sessions : {&waiting_, &in_flight_})
    for (auto& [key, session] : *sessions)
      result = result ? std::min(*result, session.since) : session.since;
  return result;
}

uint64_t pending_store::projected_bytes() const {
  auto sum = static_cast<int64_t>(stored_.bytes) + growth_;
  return static_cast<uint64_t>(std::max<int64_t>(sum, 0));
}

int64_t pending_store::growth(const std::string& key, uint64_t bytes,
                              const caf::optional<uint64_t>& stored) const {
  auto before = stored ? *stored : 0;
  if (auto newest = find(key))
    before = bytes_of(key, *newest);
  return static_cast<int64_t>(bytes) - static_cast<int64_t>(before);
}

bool pending_store::reached(uint64_t seq, durability level) const {
  seq = std::min(seq, last_seq_);
  if (level != durability::disk)
    return seq <= committed_seq_;
  return seq <= synced_seq_ && !((removed_ || unsure_) && seq == last_seq_);
}

// -- changing ----------------------------------------------------------------------

void pending_store::resume(uint64_t last, uint64_t committed, uint64_t synced) {
  last_seq_ = last;
  flight_seq_ = committed;
  committed_seq_ = committed;
  synced_seq_ = synced;
}

void pending_store::told(const session_store_info& x) {
  stored_.entries = x.entries;
  stored_.bytes = x.bytes;
  stored_.mark = x.mark;
}

void pending_store::lost(uint64_t kept) {
  committed_seq_ = std::min(committed_seq_, kept);
  synced_seq_ = std::min(synced_seq_, kept);
}

bool pending_store::restore(const std::string& key, unwritten_session x) {
  last_seq_ = std::max(last_seq_, x.seq);
  return take(key, std::move(x), caf::none);
}

bool pending_store::set(const std::string& key, unwritten_session x,
                        const caf::optional<uint64_t>& stored) {
  x.seq = ++last_seq_;
  if (!x.in_spool)
    unkept_seq_ = x.seq;
  return take(key, std::move(x), stored);
}

bool pending_store::take(const std::string& key, unwritten_session x,
                         const caf::optional<uint64_t>& stored) {
  auto [place, fresh] = waiting_.try_emplace(key);
  auto& waiting = place->second;
  if (!fresh) {
    growth_ -= growth_of(key, waiting);
    x.since = waiting.since;
    x.replaces_bytes = waiting.replaces_bytes;
  } else if (auto flying = in_flight_.find(key); flying != in_flight_.end()) {
    x.replaces_bytes = bytes_of(key, flying->second);
  } else {
    x.replaces_bytes = stored ? *stored : 0;
  }
  waiting = std::move(x);
  growth_ += growth_of(key, waiting);
  return !fresh;
}

session_changes pending_store::take_off() {
  in_flight_ = std::exchange(waiting_, {});
  flight_seq_ = last_seq_;
  session_changes result{name(), {}};
  result.changes.reserve(in_flight_.size());
  for (auto& [key, x] : in_flight_) {
    // To be looked for only where it counts.
    const auto may_say = !x.erased && !is_doubtful(x.updated_at_ms);
    const auto own = may_say ? json::updated_at_ms(x.document) : -1;
    result.changes.push_back(
      {key, x.erased, x.document, own >= 0 ? own : x.updated_at_ms, x.seq});
  }
  std::sort(result.changes.begin(), result.changes.end(),
            [](const auto& a, const auto& b) { return a.seq < b.seq; });
  return result;
}

unwritten_sessions pending_store::land(const session_applied& applied) {
  for (auto& [key, x] : in_flight_)
    growth_ -= growth_of(key, x);
  told(applied.now);
  committed_seq_ = flight_seq_;
  if (applied.level == durability::disk) {
    synced_seq_ = flight_seq_;
    removed_ = unsure_ = false;
  }
  return std::exchange(in_flight_, {});
}

uint64_t pending_store::turn_back() {
  uint64_t superseded = 0;
  for (auto& [key, x] : std::exchange(in_flight_, {})) {
    auto [place, fresh] = waiting_.try_emplace(key);
    auto& waiting = place->second;
    if (fresh) {
      waiting = std::move(x);
      continue;
    }
    // The newer state was to replace this one; now it replaces what this one was to.
    growth_ -= growth_of(key, x) + growth_of(key, waiting);
    waiting.since = x.since;
    waiting.replaces_bytes = x.replaces_bytes;
    growth_ += growth_of(key, waiting);
    ++superseded;
  }
  return superseded;
}

void pending_store::pruned(const session_pruned& x) {
  removed_ = removed_ || !x.keys.empty();
  for (auto& key : x.keys) {
    auto place = waiting_.find(key);
    if (place == waiting_.end())
      continue;
    growth_ += static_cast<int64_t>(place->second.replaces_bytes);
    place->second.replaces_bytes = 0;
  }
  stored_.entries = x.now.entries;
  stored_.bytes = x.now.bytes;
}

} // namespace sluice
