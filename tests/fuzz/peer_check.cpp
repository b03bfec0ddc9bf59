// What stands between a peer and CAF: nothing passes before an introduction, and never
// more than was announced.
#include "app/introspection/peer_check.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;
using wire::peer_check;
using wire::verdict;

namespace {

const wire::served& offer() {
  static const wire::served result{42, std::string(24, 'n'), {"opening", "other"}};
  return result;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = fuzz::text_of_input(data, size);
  std::string_view rest{text};
  peer_check aut{offer()};
  const auto now = peer_check::clock::time_point{};
  while (rest.size() >= peer_check::header_bytes) {
    const auto judged = aut.header(rest.substr(0, peer_check::header_bytes));
    rest.remove_prefix(peer_check::header_bytes);
    if (judged == verdict::close)
      return 0;
    if (judged == verdict::drop)
      continue;
    const auto awaited = aut.awaited();
    if (awaited > rest.size())
      return 0;
    const auto known = !aut.peer().empty();
    const auto passed = aut.message(rest.substr(0, awaited), now);
    fuzz::must(passed == verdict::close || known || !aut.peer().empty(),
               "nothing passes before an introduction");
    if (passed == verdict::close)
      return 0;
    rest.remove_prefix(awaited);
  }
  return 0;
}
