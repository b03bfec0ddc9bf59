// The bodies of SQL requests, and what WebSocket clients ask. A write that is read is
// the same after its way through the spool.
#include "actors/database/sql_codec.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/json_ws_request.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

namespace {

void look_at_write(const caf::expected<sql_write>& x) {
  if (!x)
    return;
  const auto stored = decode(encode(*x, "database"));
  fuzz::must(stored && stored->write == *x, "a queued write comes back as it was");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  switch (fuzz::take_choice(text, 5)) {
    case 0:
      static_cast<void>(json::read_statement(text));
      break;
    case 1:
      look_at_write(json::read_transaction(text));
      break;
    case 2:
      look_at_write(json::read_batch(text));
      break;
    case 3:
      static_cast<void>(json::read_checkpoint(text));
      break;
    default:
      static_cast<void>(json::read_ws_request(text));
  }
  return 0;
}
