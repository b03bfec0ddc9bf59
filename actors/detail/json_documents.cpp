#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/json_reading.hpp"

#include <charconv>
#include <unordered_map>

namespace sluice::json {

namespace {

/// Documents are one level down in it.
constexpr size_t store_depth_max = depth_max + 1;

/// Refuses a member that is no session. A key is a name, and has to be had.
caf::error check_session(const member& x, std::string_view key) {
  if (!valid_utf8(key))
    return invalid("the key" + quoted_if_short(x.name)
                   + " holds half of a surrogate pair, which no name may");
  if (!x.is_object())
    return invalid("\"" + std::string{key} + "\" must be a JSON object");
  return {};
}

} // namespace

caf::expected<std::vector<session_document>> read_store(const std::string& text) {
  if (auto err = check_object(text, store_depth_max))
    return err;
  std::vector<session_document> documents;
  std::unordered_map<std::string, size_t> places;
  std::string space;
  auto list = list_members(text, 1);
  for (size_t i = 1; i < list.size(); ++i) {
    auto key = plain_name(list[i].name, space);
    if (auto err = check_session(list[i], key))
      return err;
    auto [place, fresh] = places.emplace(key, documents.size());
    if (fresh)
      documents.push_back({std::string{key}, {}});
    documents[place->second].document = list[i].value;
  }
  return documents;
}

caf::error check_store(std::string_view text) {
  text.remove_prefix(mark_length(text));
  if (auto found = find_fault(text, store_depth_max))
    return told(*found, text);
  std::string space;
  auto list = list_members(text, 1);
  if (!list[0].is_object())
    return invalid("not an object of objects");
  for (size_t i = 1; i < list.size(); ++i)
    if (auto err = check_session(list[i], plain_name(list[i].name, space)))
      return err;
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
