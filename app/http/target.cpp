#include "app/http/target.hpp"

#include "actors/detail/json_input.hpp"
#include "actors/detail/names.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace sluice::http {

namespace {

constexpr size_t key_bytes_max = 512;

std::string decode(boost::urls::pct_string_view text, bool plus_is_blank = false) {
  boost::urls::encoding_opts how;
  how.space_as_plus = plus_is_blank;
  return text.decode(how);
}

/// Whether a URL can be one of this service's.
/// A whole URL, as proxies send it, taken apart: its host with the port, and the rest as
/// a target of the origin. Boost.URL has a reader for it too, which ends the process
/// where there is nothing behind the scheme.
struct whole_url {
  std::string_view authority;
  std::string rest;
};

std::optional<whole_url> read_whole_url(std::string_view text) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (::strncasecmp(text.data(), scheme.data(), std::min(scheme.size(), text.size()))
          != 0
        || text.size() < scheme.size())
      continue;
    text.remove_prefix(scheme.size());
    const auto end = std::min(text.find_first_of("/?#"), text.size());
    whole_url result{text.substr(0, end), std::string{text.substr(end)}};
    if (!result.rest.starts_with('/'))
      result.rest.insert(0, 1, '/');
    const auto has = [&](char c) {
      return result.authority.find(c) != result.authority.npos;
    };
    if (result.authority.empty() || has('@') || has('[') != has(']'))
      return std::nullopt;
    return result;
  }
  return std::nullopt;
}

} // namespace

caf::expected<target> parse_target(std::string_view text) {
  target result;
  result.whole_service = text == "*";
  if (result.whole_service)
    return result;
  const auto whole = text.starts_with('/') ? std::nullopt : read_whole_url(text);
  if (whole) {
    result.authority = std::string{whole->authority};
    text = whole->rest;
  }
  const auto malformed = [] {
    return invalid_argument("the request's target is malformed");
  };
  // Only a path goes to the reader.
  if (!text.starts_with('/'))
    return malformed();
  const auto parsed = boost::urls::parse_origin_form({text.data(), text.size()});
  if (!parsed)
    return malformed();
  for (auto segment : parsed->encoded_segments())
    result.segments.push_back(decode(segment));
  // A question mark with nothing behind it asks for nothing.
  if (!parsed->encoded_query().empty())
    for (auto item : parsed->encoded_params())
      result.query.push_back({decode(item.key, true), decode(item.value, true)});
  return result;
}

caf::error check_name(std::string_view name) {
  if (detail::valid_name(name))
    return caf::none;
  return invalid_argument(
    "a name is 1 to 64 letters, digits, '_', '-' and '.', and does not "
    "start with '.'");
}

caf::error check_key(std::string_view key) {
  if (key.empty() || key.size() > key_bytes_max)
    return invalid_argument("a key is 1 to 512 bytes long");
  if (!json::valid_utf8(key))
    return invalid_argument("the key is not valid UTF-8");
  if (std::any_of(key.begin(), key.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return invalid_argument("a key has no control characters");
  return caf::none;
}

caf::expected<std::optional<std::string_view>>
query_reader::text(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& x : query_) {
    if (x.name != name)
      continue;
    if (found)
      return invalid_argument("the parameter '" + std::string{name} + "' is given twice");
    found = x.value;
  }
  return found;
}

caf::expected<bool> query_reader::flag(std::string_view name, bool fallback) const {
  auto word = text(name);
  if (!word)
    return word.error();
  if (!*word)
    return fallback;
  if (**word != "true" && **word != "false")
    return caf::make_error(ec::invalid_argument,
                           "'" + std::string{name} + "' is true or false");
  return **word == "true";
}

caf::expected<uint64_t> query_reader::number(std::string_view name, uint64_t fallback,
                                             uint64_t least, uint64_t most) const {
  auto given = text(name);
  if (!given)
    return given.error();
  if (!*given)
    return fallback;
  const auto digits = **given;
  uint64_t result = 0;
  auto [end, code] = std::from_chars(digits.begin(), digits.end(), result);
  if (code != std::errc{} || end != digits.end() || result < least || result > most)
    return invalid_argument("'" + std::string{name} + "' is a whole number from "
                            + std::to_string(least) + " to " + std::to_string(most));
  return result;
}

} // namespace sluice::http
