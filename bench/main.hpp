// How a bench program begins: its case, its directory, how many items, and a table of
// the cases it knows.
#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

namespace sluice::bench {

using bench_case = void (*)(const std::string& directory, uint64_t items);

/// `PROGRAM CASE DIRECTORY ITEMS`. Ends with 2 for anything else, 1 if the case throws.
inline int run_case(int argc, char** argv,
                    const std::map<std::string, bench_case>& cases) {
  auto found = argc == 4 ? cases.find(argv[1]) : cases.end();
  if (found == cases.end()) {
    std::fprintf(stderr,
                 "usage: %s CASE DIRECTORY ITEMS, where CASE is one of:", argv[0]);
    for (const auto& [name, unused] : cases)
      std::fprintf(stderr, " %s", name.c_str());
    std::fputs("\n", stderr);
    return 2;
  }
  try {
    found->second(argv[2], std::stoull(argv[3]));
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s %s: %s\n", argv[0], argv[1], problem.what());
    return 1;
  }
}

} // namespace sluice::bench
