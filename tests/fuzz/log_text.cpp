// A body taken as lines of a log: as many as there are LFs, each ended by one.
#include "app/http/log_text.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

using namespace sluice;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  http::line_rules rules;
  rules.ndjson = fuzz::take_choice(text, 2) == 1;
  rules.invalid = static_cast<http::invalid_lines>(fuzz::take_choice(text, 3));
  rules.bytes_max = 512;
  const auto taken = http::to_lines(std::move(text), rules);
  if (!taken)
    return 0;
  const auto ends = std::count(taken->lines.begin(), taken->lines.end(), '\n');
  fuzz::must(static_cast<uint64_t>(ends) == taken->count, "each line has its LF");
  fuzz::must(taken->lines.empty() || taken->lines.back() == '\n', "the last one too");
  return 0;
}
