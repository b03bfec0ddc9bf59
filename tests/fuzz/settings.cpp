// The configuration file and the command line.
#include "app/config/ini_file.hpp"
#include "app/config/load.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <vector>

using namespace sluice;

namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> result(1);
  for (char each : text) {
    if (each == '\n')
      result.emplace_back();
    else
      result.back() += each;
  }
  return result;
}

/// A word that names a file would have it read.
bool names_a_file(const std::string& word) {
  return word.find("config-file") != word.npos;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  if (fuzz::take_choice(text, 2) == 0) {
    static_cast<void>(config::read_ini("fuzz.ini", text));
    return 0;
  }
  const auto words = words_of(text);
  for (const auto& each : words)
    if (names_a_file(each))
      return 0;
  static_cast<void>(config::load_all(words, [](const char*) { return nullptr; }));
  return 0;
}
