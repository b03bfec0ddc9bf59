// A connection's bytes, as requests come in: however they are cut, what follows from
// them is the same.
#include "app/http/incoming.hpp"
#include "tests/feed.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <memory>
#include <vector>

using namespace sluice;
using http::incoming;

namespace {

constexpr uint64_t body_bytes_max = 65'536;
constexpr size_t budget_bytes = 1'048'576;

/// What became of the bytes: the bodies of whole requests.
std::vector<std::string> read_all(std::string_view bytes, size_t piece, bool gzip) {
  std::vector<std::string> result;
  const auto memory = std::make_shared<budget>(budget_bytes);
  incoming aut;
  aut.begin();
  for (;;) {
    switch (aut.advance()) {
      case incoming::event::more:
        if (!test::feed(aut, bytes, piece))
          return result;
        break;
      case incoming::event::header:
        static_cast<void>(aut.describe());
        static_cast<void>(aut.check_upgrade());
        if (!aut.charge_header(*memory))
          return result;
        aut.expect_body(body_bytes_max, gzip);
        if (!aut.complete())
          break;
        [[fallthrough]];
      case incoming::event::complete:
        result.push_back(aut.body().text);
        if (!aut.keep_alive() || result.size() > 64)
          return result;
        aut.begin();
        break;
      case incoming::event::piece:
        break;
      case incoming::event::starved:
      case incoming::event::spoilt:
      case incoming::event::malformed:
        static_cast<void>(aut.problem());
        return result;
    }
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  const auto gzip = fuzz::take_choice(text, 2) == 1;
  const auto whole = read_all(text, text.size() + 1, gzip);
  fuzz::must(read_all(text, 7, gzip) == whole, "how bytes are cut changes nothing");
  return 0;
}
