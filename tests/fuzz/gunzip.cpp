// A body in gzip: however it is cut, what comes out is the same, and never more than
// its taker takes.
#include "app/http/gunzip.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

using namespace sluice;
using http::gunzip;

namespace {

constexpr size_t taken_max = 1'048'576;

struct inflated {
  std::string text;
  bool whole = false;

  bool operator==(const inflated&) const = default;
};

inflated inflate(std::string_view bytes, size_t piece) {
  inflated result;
  gunzip aut;
  auto take = [&](std::string_view more) {
    if (result.text.size() + more.size() > taken_max)
      return false;
    result.text += more;
    return true;
  };
  while (!bytes.empty()) {
    const auto count = std::min(piece, bytes.size());
    if (aut.feed(bytes.substr(0, count), take) != gunzip::outcome::taken)
      return {};
    bytes.remove_prefix(count);
  }
  result.whole = aut.is_whole();
  return result;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of_input(data, size);
  fuzz::must(inflate(text, 5) == inflate(text, size + 1),
             "how bytes are cut changes nothing");
  return 0;
}
