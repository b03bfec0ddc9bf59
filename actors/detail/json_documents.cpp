#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/json_reading.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace sluice::json {

namespace {

/// Documents are one level down in it.
constexpr size_t store_depth_max = depth_max + 1;

/// What a session of a store takes besides its text: itself, in a list that grows by
/// doubling, and its place among the others.
constexpr size_t bytes_a_session = 2 * sizeof(session_document) + 96;

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

caf::expected<std::vector<session_document>> read_store(const std::string& text,
                                                        credit charge) {
  if (auto err = check_object(text, store_depth_max))
    return err;
  payment pays{std::move(charge)};
  std::vector<session_document> documents;
  std::unordered_map<std::string, size_t> places;
  std::string space;
  member_walk walk{text};
  for (member x; walk.next(x);) {
    const auto key = plain_name(x.name, space);
    auto err = check_session(x, key);
    if (!err)
      err = pays.take(bytes_a_session + 2 * key.size() + x.value.size());
    if (err)
      return err;
    auto [place, fresh] = places.emplace(key, documents.size());
    if (fresh)
      documents.push_back({std::string{key}, {}});
    documents[place->second].document = x.value;
  }
  return documents;
}

caf::error check_store(std::string_view text) {
  text.remove_prefix(mark_length(text));
  if (auto found = find_fault(text, store_depth_max))
    return told(*found, text);
  if (text.substr(std::min(text.find_first_not_of(" \t\n\r"), text.size()), 1) != "{")
    return invalid("not an object of objects");
  std::string space;
  member_walk walk{text};
  for (member x; walk.next(x);)
    if (auto err = check_session(x, plain_name(x.name, space)))
      return err;
  return {};
}

int64_t updated_at_ms(const std::string& document) {
  int64_t found = -1;
  std::string space;
  member_walk walk{document};
  for (member x; walk.next(x);) {
    if (plain_name(x.name, space) != "updatedAt")
      continue;
    double ms = -1;
    std::from_chars(x.value.data(), x.value.data() + x.value.size(), ms);
    found = ms >= 0 && ms < 0x1p63 ? static_cast<int64_t>(ms) : -1;
  }
  return found;
}

} // namespace sluice::json
