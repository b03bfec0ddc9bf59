#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace sluice::json {

caf::expected<std::vector<session_document>> read_store(const std::string& text) {
  if (auto err = check_object(text))
    return err;
  std::vector<session_document> documents;
  std::unordered_map<std::string, size_t> places;
  std::string space;
  auto list = list_members(text, 1);
  for (size_t i = 1; i < list.size(); ++i) {
    auto key = plain_name(list[i].name, space);
    if (!list[i].is_object())
      return caf::make_error(ec::invalid_argument,
                             "\"" + std::string{key} + "\" must be a JSON object");
    auto [place, fresh] = places.emplace(key, documents.size());
    if (fresh)
      documents.push_back({std::string{key}, {}});
    documents[place->second].document = list[i].value;
  }
  return documents;
}

caf::error check_store(std::string_view text) {
  // Documents that are each an object, in a text that is one with `{}` in their places.
  std::string frame;
  std::string space;
  auto list = list_members(text, 1);
  auto done = text.data();
  for (size_t i = 1; i < list.size(); ++i) {
    auto document = list[i].value;
    auto key = std::string{plain_name(list[i].name, space)};
    if (!list[i].is_object())
      return caf::make_error(ec::invalid_argument,
                             "\"" + key + "\" must be a JSON object");
    if (auto err = check_object(std::string{document}))
      return caf::make_error(code_of(err), "\"" + key + "\": " + text_of(err));
    frame.append(done, document.data());
    frame += "{}";
    done = document.data() + document.size();
  }
  frame.append(done, text.data() + text.size());
  if (auto err = check_object(frame))
    return err;
  auto places = list_members(frame, 1);
  auto empty = [](const member& x) { return x.value == "{}"; };
  if (!std::all_of(places.begin() + 1, places.end(), empty))
    return caf::make_error(ec::invalid_argument, "not an object of objects");
  return {};
}

int64_t updated_at_ms(const std::string& document) {
  int64_t found = -1;
  std::string space;
  auto list = list_members(document, 1);
  for (size_t i = 1; i < list.size(); ++i) {
    if (plain_name(list[i].name, space) != "updatedAt")
      continue;
    auto value = list[i].value;
    double ms = -1;
    std::from_chars(value.data(), value.data() + value.size(), ms);
    found = ms >= 0 && ms < 0x1p63 ? static_cast<int64_t>(ms) : -1;
  }
  return found;
}

} // namespace sluice::json
