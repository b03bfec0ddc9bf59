// What a start finds in the spool's records and among the dead letters: read whole, or
// refused; what is read and written anew says the same.
#include "actors/database/sql_codec.hpp"
#include "actors/session/session_codec.hpp"
#include "actors/storage/dead_letter_line.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

namespace {

void look_at_session(const std::string& bytes) {
  const auto changes = read_session_record({100, 3, bytes});
  if (!changes)
    return;
  session_record_writer again;
  for (const auto& each : *changes) {
    if (each.erased)
      again.add_delete(each.key, each.updated_at_ms);
    else
      again.add_document(each.key, each.updated_at_ms, each.document);
  }
  const auto read = read_session_record({100, 3, again.data()});
  fuzz::must(read && *read == *changes, "a record that is written anew says the same");
}

void look_at_write(const std::string& bytes) {
  const auto stored = decode(bytes);
  if (!stored)
    return;
  // What is not a number equals nothing, itself included: so bytes are compared.
  const auto written = encode(stored->write, stored->database);
  const auto again = decode(written);
  fuzz::must(again && encode(again->write, again->database) == written,
             "a queued write comes back as it was");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of_input(data, size);
  switch (fuzz::take_choice(bytes, 3)) {
    case 0:
      look_at_session(bytes);
      break;
    case 1:
      look_at_write(bytes);
      break;
    default:
      static_cast<void>(number_of(bytes, "0123456789abcdef0123456789abcdef"));
      static_cast<void>(is_dead_letter(bytes));
  }
  return 0;
}
