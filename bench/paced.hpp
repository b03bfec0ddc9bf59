// Work in real time at fixed rates, as a program has it that runs for long: several
// streams on one thread, each item at its own point in time. Who falls behind, or was
// stopped for a while, catches up.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace sluice::bench {

struct stream {
  double per_second = 0;
  /// Does the n-th item.
  std::function<void(uint64_t)> work;
};

/// Returns after `seconds`. A stream at rate 0 has no item.
inline void run_paced(const std::vector<stream>& streams, double seconds) {
  using clock = std::chrono::steady_clock;
  std::vector<uint64_t> done(streams.size());
  auto start = clock::now();
  auto end = std::chrono::duration<double>{seconds};
  for (;;) {
    std::chrono::duration<double> next = end;
    size_t which = streams.size();
    for (size_t i = 0; i < streams.size(); ++i) {
      std::chrono::duration<double> due{static_cast<double>(done[i])
                                        / streams[i].per_second};
      if (streams[i].per_second > 0 && due < next) {
        next = due;
        which = i;
      }
    }
    std::this_thread::sleep_until(start
                                  + std::chrono::duration_cast<clock::duration>(next));
    if (which == streams.size())
      return;
    streams[which].work(done[which]++);
  }
}

} // namespace sluice::bench
