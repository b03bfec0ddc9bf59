// What the fuzz harnesses share. A harness is a file that reads bytes as one parser of
// foreign bytes does, and states what must hold of whatever that parser accepts;
// libFuzzer looks for bytes that break it, beside what the sanitizers see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

/// Defined by each harness.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::fuzz {

inline std::string text_of_input(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes off the first byte, which chooses among several readers: `of` is how many.
inline size_t take_choice(std::string& input, size_t of) {
  if (input.empty())
    return 0;
  const auto choice = static_cast<unsigned char>(input.front()) % of;
  input.erase(0, 1);
  return choice;
}

/// Cuts the input in two at the first NUL.
inline std::pair<std::string, std::string> in_two(const std::string& input) {
  const auto cut = input.find('\0');
  if (cut == input.npos)
    return {input, {}};
  return {input.substr(0, cut), input.substr(cut + 1)};
}

/// Ends the run with the sentence that does not hold.
inline void must(bool holds, std::string_view sentence) {
  if (holds)
    return;
  std::cerr << "does not hold: " << sentence << '\n';
  std::abort();
}

} // namespace sluice::fuzz
