#include "actors/detail/json_params.hpp"

#include "actors/detail/base64.hpp"
#include "messages/sql_value_bytes.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <utility>

namespace sluice::json {

namespace {

// -- one value ----------------------------------------------------------------------

caf::error read_bytes(std::string_view name, std::string_view text, std::string& out) {
  auto bytes = detail::decode_base64(text);
  if (!bytes)
    return invalid('"' + std::string{name} + "\" must be base64, padded, without blanks");
  out = std::move(*bytes);
  return {};
}

caf::error read_real(std::string_view text, sql_value& out) {
  constexpr auto infinity = std::numeric_limits<double>::infinity();
  if (text != "Infinity" && text != "-Infinity")
    return invalid("\"$real\" must be \"Infinity\" or \"-Infinity\"; other numbers are "
                   "written as such, and what is not a number is null");
  out = text == "Infinity" ? infinity : -infinity;
  return {};
}

caf::error read_integer(std::string_view text, sql_value& out) {
  int64_t number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || end != text.data() + text.size())
    return invalid(
      "\"$integer\" must be the digits of an integer of 64 bits with a sign");
  out = number;
  return {};
}

caf::error read_tagged(dom::object object, sql_value& out) {
  std::string_view text;
  if (object.size() == 1 && !object.begin().value().get(text)) {
    const auto name = object.begin().key();
    std::string bytes;
    caf::error err;
    if (name == "$real")
      return read_real(text, out);
    if (name == "$integer")
      return read_integer(text, out);
    if (name == "$blob" || name == "$text") {
      if ((err = read_bytes(name, text, bytes)))
        return err;
      if (name == "$blob")
        out = sql_blob{std::move(bytes)};
      else
        out = std::move(bytes);
      return {};
    }
  }
  return invalid(R"(an object among the values must be {"$blob":"base64"}, )"
                 R"({"$text":"base64"}, {"$real":"Infinity"} or {"$integer":"digits"})");
}

caf::error read_value(dom::element x, sql_value& out) {
  switch (x.type()) {
    case dom::element_type::NULL_VALUE:
      out = sql_null{};
      return {};
    case dom::element_type::BOOL:
      out = int64_t{x.get_bool().value_unsafe()};
      return {};
    case dom::element_type::INT64:
      out = x.get_int64().value_unsafe();
      return {};
    case dom::element_type::DOUBLE:
      out = x.get_double().value_unsafe();
      return {};
    case dom::element_type::STRING:
      out = std::string{x.get_string().value_unsafe()};
      return {};
    case dom::element_type::OBJECT:
      return read_tagged(x.get_object().value_unsafe(), out);
    case dom::element_type::UINT64:
      return invalid(std::to_string(x.get_uint64().value_unsafe())
                     + " is past what 64 bits with a sign hold");
    case dom::element_type::ARRAY:
      break;
  }
  return invalid("an array cannot be a value");
}

// -- many ---------------------------------------------------------------------------

/// As many as SQLite takes at most; each name is looked up among the others.
constexpr size_t params_max = 32'766;

caf::error too_many() {
  return invalid("there are more than " + std::to_string(params_max) + " parameters");
}

caf::error read_paid(dom::element x, sql_row& values, payment& pays) {
  auto& value = values.emplace_back();
  auto err = read_value(x, value);
  return err ? err : pays.take(sizeof value + payload_bytes(value));
}

caf::error read_named(dom::object members, sql_row& values,
                      std::vector<std::string>& names, payment& pays) {
  for (auto [name, value] : members) {
    if (names.size() == params_max)
      return too_many();
    names.emplace_back(name);
    if (auto err = pays.take(sizeof names.back() + name.size()))
      return err;
    if (auto err = read_paid(value, values, pays))
      return behind('.' + shown(name), err);
  }
  auto sorted = names;
  std::sort(sorted.begin(), sorted.end());
  auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  return twice == sorted.end()
           ? caf::error{}
           : invalid("the parameter" + quoted_if_short(*twice) + " is given twice");
}

/// Puts the values in the order of `wanted`, which holds the same names.
caf::error put_in_order(const std::vector<std::string>& wanted,
                        const std::vector<std::string>& names, sql_row& values) {
  if (names == wanted)
    return {};
  std::unordered_map<std::string_view, size_t> at;
  for (size_t i = 0; i < names.size(); ++i)
    at.emplace(names[i], i);
  sql_row ordered;
  ordered.reserve(wanted.size());
  for (const auto& name : wanted) {
    auto found = at.find(name);
    if (found == at.end())
      return invalid("the parameter" + quoted_if_short(name)
                     + " of the first row is not given");
    ordered.push_back(std::move(values[found->second]));
    at.erase(found);
  }
  if (!at.empty())
    return invalid("the parameter" + quoted_if_short(at.begin()->first)
                   + " is not one of the first row's");
  values = std::move(ordered);
  return {};
}

} // namespace

caf::error read_params(dom::element x, const char* what, sql_row& values,
                       std::vector<std::string>& names, payment& pays) {
  dom::object members;
  if (!x.get(members))
    return read_named(members, values, names, pays);
  dom::array elements;
  if (x.get(elements))
    return invalid(std::string{what}
                   + " must be an array of values, or an object of values by name");
  values.reserve(std::min(elements.size(), params_max));
  for (auto element : elements) {
    if (values.size() == params_max)
      return too_many();
    if (auto err = read_paid(element, values, pays))
      return behind('[' + std::to_string(values.size() - 1) + ']', err);
  }
  return {};
}

caf::error batch_reader::read(dom::element x) {
  const auto first = rows_.empty();
  row_.clear();
  names_.clear();
  payment of_row{{}}; // what stays is paid for packed
  auto err = read_params(x, "a row", row_, names_, of_row);
  if (!err && first)
    wanted_ = names_;
  else if (!err && names_.empty() != wanted_.empty())
    err = invalid("all rows are arrays, or all are objects");
  else if (!err)
    err = put_in_order(wanted_, names_, row_);
  if (err)
    return err;
  const auto before = rows_.packed().size();
  rows_.push_back(row_);
  // A text that grows by doubling.
  return pays_.take(2 * (rows_.packed().size() - before));
}

} // namespace sluice::json
