// What a stretch of work cost this process, and the line of JSON that tells
// `bench/run`. CPU time is all threads together; calls and bytes are the kernel's own
// count, which is exact for a program that writes to nothing but files.
#pragma once

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

namespace sluice::bench {

struct cost {
  uint64_t cpu_ns = 0;
  uint64_t write_calls = 0;
  uint64_t write_bytes = 0;
};

inline cost cost_so_far() {
  cost result;
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  result.cpu_ns = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000
                  + static_cast<uint64_t>(now.tv_nsec);
  std::ifstream file{"/proc/self/io"};
  uint64_t value = 0;
  for (std::string word; file >> word >> value;) {
    if (word == "syscw:")
      result.write_calls = value;
    else if (word == "wchar:")
      result.write_bytes = value;
  }
  return result;
}

/// Prints what was spent since `before`.
inline void report(const cost& before) {
  auto now = cost_so_far();
  std::printf("{\"cpu_ns\": %ju, \"writes\": %ju, \"bytes\": %ju}\n",
              uintmax_t{now.cpu_ns - before.cpu_ns},
              uintmax_t{now.write_calls - before.write_calls},
              uintmax_t{now.write_bytes - before.write_bytes});
}

} // namespace sluice::bench
