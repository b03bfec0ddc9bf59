#include "actors/observe/actor_meter.hpp"

#include "actors/detail/wall_clock.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <ctime>
#include <utility>

namespace sluice {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

/// Of messages that come close behind each other, one in so many is timed. A prime:
/// traffic that repeats itself seldom has this period.
constexpr uint64_t sampling = 7;

uint64_t by_clock(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000
         + static_cast<uint64_t>(now.tv_nsec);
}

uint64_t exact_now() {
  return by_clock(CLOCK_MONOTONIC);
}

uint64_t coarse_tick() {
  timespec tick{};
  clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
  return static_cast<uint64_t>(tick.tv_nsec);
}

const uint64_t long_ns = 2 * coarse_tick();

/// For counters that one thread alone writes.
void raise(std::atomic<uint64_t>& counter, uint64_t by) {
  counter.store(counter.load(relaxed) + by, relaxed);
}

} // namespace

uint64_t coarse_now() {
  return by_clock(CLOCK_MONOTONIC_COARSE);
}

actor_meter::actor_meter(std::string called, actor_label who)
    : name(std::move(called)), label(std::move(who)),
      started_ms(detail::wall_clock_ms()) {}

void actor_meter::queued() {
  if (queued_.fetch_add(1, relaxed) == handled_.load(relaxed))
    waiting_since_.store(coarse_now(), relaxed);
}

actor_meter::start actor_meter::begin() {
  start result{coarse_now(), 0};
  if (result.coarse != timed_at_ || ++untimed_ == sampling)
    result.exact = exact_now();
  running_since_.store(result.coarse, relaxed);
  return result;
}

void actor_meter::end(start begun, bool skipped) {
  running_since_.store(0, relaxed);
  if (skipped) {
    raise(skipped_, 1);
    return;
  }
  raise(handled_, 1);
  const auto coarse = coarse_now() - begun.coarse;
  if (begun.exact != 0) {
    const auto alone = begun.coarse != timed_at_ || coarse >= long_ns;
    record(exact_now() - begun.exact, alone ? 1 : sampling);
    timed_at_ = begun.coarse;
    untimed_ = 0;
  } else if (coarse >= long_ns) {
    record(coarse, 1);
  }
}

void actor_meter::record(uint64_t ns, uint64_t weight) {
  raise(busy_ns_, ns * weight);
  if (ns > max_ns_.load(relaxed))
    max_ns_.store(ns, relaxed);
  const auto bucket = std::min<size_t>(std::bit_width(ns), buckets_.size() - 1);
  raise(buckets_[bucket], weight);
}

meter_reading actor_meter::read() const {
  meter_reading result;
  // What came out is read first: it may be too little, but no message is seen to come
  // out that never went in.
  result.handled = handled_.load(relaxed);
  result.running_since = running_since_.load(relaxed);
  const auto inside = queued_.load(relaxed) - result.handled;
  result.mailbox = inside - (result.running_since != 0 && inside > 0 ? 1 : 0);
  result.skipped = skipped_.load(relaxed);
  result.busy_ns = busy_ns_.load(relaxed);
  result.max_ns = max_ns_.load(relaxed);
  if (result.running_since != 0)
    result.running_ns = coarse_now() - result.running_since;
  if (result.mailbox > 0)
    result.waiting_since = waiting_since_.load(relaxed);
  for (size_t i = 0; i < buckets_.size(); ++i)
    result.buckets[i] = buckets_[i].load(relaxed);
  return result;
}

} // namespace sluice
