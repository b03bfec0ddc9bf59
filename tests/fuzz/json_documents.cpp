// Documents as they come in: whatever is accepted can be taken apart, and its parts lie
// inside it.
#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

namespace {

void look_at_object(const std::string& text) {
  if (json::check_object(text))
    return;
  fuzz::must(!json::check_value(text), "an object is a value");
  std::string space;
  for (const auto& each : json::list_members(text, 3)) {
    const auto* begin = each.value.data();
    fuzz::must(begin >= text.data()
                 && begin + each.value.size() <= text.data() + text.size(),
               "a member lies inside its text");
    static_cast<void>(json::plain_name(each.name, space));
  }
  static_cast<void>(json::updated_at_ms(text));
}

void look_at_store(const std::string& text) {
  const auto all = json::read_store(text);
  fuzz::must(!all || !json::check_store(text), "what is read is accepted");
  if (!all)
    return;
  for (const auto& each : *all)
    fuzz::must(!json::check_object(each.document), "a store's document is an object");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  switch (fuzz::take_choice(text, 4)) {
    case 0:
      look_at_object(text);
      break;
    case 1:
      look_at_store(text);
      break;
    case 2:
      static_cast<void>(json::check_value(text));
      break;
    default:
      static_cast<void>(json::check_lines(text));
  }
  return 0;
}
