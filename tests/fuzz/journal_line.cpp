// A line of a session journal, torn or rotted. Foreign bytes hardly ever carry the right
// check, so they also travel as a document through a line of our own.
#include "actors/session/journal_line.hpp"
#include "actors/detail/json_input.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

namespace {

void write_and_read(const std::string& document) {
  if (json::check_object(document))
    return;
  std::string line;
  append_change_line(line, {"key", false, document, 5, 7}, {std::nullopt, 7, 7});
  fuzz::must(line.ends_with('\n') && line.find('\n') + 1 == line.size(),
             "a document is one line");
  line.pop_back();
  const auto read = read_journal_line(line);
  fuzz::must(read.has_value(), "what is written can be read");
  const auto& where = read->document;
  auto back = line.substr(where.document.offset, where.document.length);
  restore_newlines(
    back, std::string_view{line}.substr(where.newlines.offset, where.newlines.length));
  fuzz::must(back == document, "a document comes back as it was sent");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  if (fuzz::take_choice(text, 2) == 0)
    static_cast<void>(read_journal_line(text));
  else
    write_and_read(text);
  return 0;
}
