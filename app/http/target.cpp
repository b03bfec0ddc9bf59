#include "app/http/target.hpp"

#include "actors/detail/json_input.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>

namespace sluice::http {

namespace {

constexpr size_t name_bytes_max = 64;
constexpr size_t key_bytes_max = 512;

caf::error invalid(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
         || c == '_' || c == '-';
}

std::string decode(boost::urls::pct_string_view text, bool plus_is_blank = false) {
  boost::urls::encoding_opts how;
  how.space_as_plus = plus_is_blank;
  return text.decode(how);
}

} // namespace

caf::expected<target> parse_target(std::string_view text) {
  auto parsed = boost::urls::parse_origin_form({text.data(), text.size()});
  if (!parsed)
    return invalid("the request's target is malformed");
  target result;
  for (auto segment : parsed->encoded_segments())
    result.segments.push_back(decode(segment));
  for (auto item : parsed->encoded_params())
    result.query.push_back({decode(item.key, true), decode(item.value, true)});
  return result;
}

caf::error check_name(std::string_view name) {
  if (!name.empty() && name.size() <= name_bytes_max && starts_name(name[0])
      && std::all_of(name.begin(), name.end(),
                     [](char c) { return starts_name(c) || c == '.'; }))
    return caf::none;
  return invalid("a name is 1 to 64 letters, digits, '_', '-' and '.', and does not "
                 "start with '.'");
}

caf::error check_key(std::string_view key) {
  if (key.empty() || key.size() > key_bytes_max)
    return invalid("a key is 1 to 512 bytes long");
  if (!json::valid_utf8(key))
    return invalid("the key is not valid UTF-8");
  if (std::any_of(key.begin(), key.end(),
                  [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
    return invalid("a key has no control characters");
  return caf::none;
}

caf::expected<std::string_view> query_reader::text(std::string_view name,
                                                   std::string_view fallback) const {
  auto same = [&](const parameter& x) { return x.name == name; };
  auto found = std::find_if(query_.begin(), query_.end(), same);
  if (found == query_.end())
    return fallback;
  if (std::find_if(found + 1, query_.end(), same) != query_.end())
    return invalid("the parameter '" + std::string{name} + "' is given twice");
  return std::string_view{found->value};
}

caf::expected<uint64_t> query_reader::number(std::string_view name, uint64_t fallback,
                                             uint64_t least, uint64_t most) const {
  auto given = text(name, {});
  if (!given)
    return given.error();
  if (given->data() == nullptr)
    return fallback;
  uint64_t result = 0;
  auto [end, code] = std::from_chars(given->data(), given->data() + given->size(), result);
  if (code != std::errc{} || end != given->data() + given->size() || result < least
      || result > most)
    return invalid("'" + std::string{name} + "' is a whole number from "
                   + std::to_string(least) + " to " + std::to_string(most));
  return result;
}

} // namespace sluice::http
