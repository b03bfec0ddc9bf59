#include "actors/detail/json_input.hpp"

#include "actors/detail/base64.hpp"
#include "actors/detail/json_reading.hpp"

#include <algorithm>
#include <functional>

namespace sluice::json {

namespace {

// -- values of statements ----------------------------------------------------------

caf::expected<sql_value> read_blob(dom::object object) {
  std::string_view text;
  if (object.size() != 1 || object["$blob"].get(text))
    return invalid("an object among the values must be {\"$blob\":\"base64\"}");
  auto bytes = detail::decode_base64(text);
  if (!bytes)
    return invalid("\"$blob\" must be base64, padded, without blanks");
  return sql_value{sql_blob{std::move(*bytes)}};
}

caf::expected<sql_value> read_value(dom::element x) {
  switch (x.type()) {
    case dom::element_type::NULL_VALUE:
      return sql_value{sql_null{}};
    case dom::element_type::BOOL:
      return sql_value{int64_t{x.get_bool().value_unsafe()}};
    case dom::element_type::INT64:
      return sql_value{x.get_int64().value_unsafe()};
    case dom::element_type::DOUBLE:
      return sql_value{x.get_double().value_unsafe()};
    case dom::element_type::STRING:
      return sql_value{std::string{x.get_string().value_unsafe()}};
    case dom::element_type::OBJECT:
      return read_blob(x.get_object().value_unsafe());
    case dom::element_type::UINT64:
      return invalid("an integer among the values is past 64 bits with a sign");
    case dom::element_type::ARRAY:
      break;
  }
  return invalid("an array cannot be a value");
}

caf::expected<sql_row> read_row(dom::element x, const char* what) {
  dom::array values;
  if (x.get(values))
    return invalid(std::string{what} + " must be an array of values");
  sql_row row;
  row.reserve(values.size());
  for (auto element : values) {
    auto value = read_value(element);
    if (!value)
      return std::move(value.error());
    row.push_back(std::move(*value));
  }
  return row;
}

// -- bodies ------------------------------------------------------------------------

/// What to do with a body's member. Whatever is not named is refused: a member with a
/// typo must not go unnoticed.
struct field {
  const char* name;
  bool required;
  std::function<caf::error(dom::element)> read;
};

caf::error read_fields(dom::element x, const char* what, std::vector<field> fields) {
  dom::object object;
  if (x.get(object))
    return invalid(std::string{what} + " must be an object");
  for (auto [name, value] : object) {
    auto same = [&, n = name](const field& y) { return n == y.name; };
    auto known = std::find_if(fields.begin(), fields.end(), same);
    if (known == fields.end())
      return invalid("unknown or repeated member \"" + std::string{name} + "\"");
    if (auto err = known->read(value))
      return err;
    fields.erase(known);
  }
  for (auto& missing : fields)
    if (missing.required)
      return invalid('"' + std::string{missing.name} + "\" is missing");
  return {};
}

field sql_field(std::string& sql) {
  return {"sql", true, [&sql](dom::element x) -> caf::error {
            std::string_view text;
            if (x.get(text))
              return invalid("\"sql\" must be a string");
            if (text.find_first_not_of(" \t\n\r\f\v") == text.npos)
              return invalid("\"sql\" is empty");
            sql = text;
            return {};
          }};
}

field params_field(sql_row& params) {
  return {"params", false, [&params](dom::element x) -> caf::error {
            auto row = read_row(x, "\"params\"");
            if (!row)
              return std::move(row.error());
            params = std::move(*row);
            return {};
          }};
}

/// Reads each element of an array that must have some.
field list_field(const char* name, std::function<caf::error(dom::element)> read) {
  return {name, true, [name, read](dom::element x) -> caf::error {
            auto quoted = '"' + std::string{name} + '"';
            dom::array elements;
            if (x.get(elements))
              return invalid(quoted + " must be an array");
            if (elements.begin() == elements.end())
              return invalid(quoted + " is empty");
            for (auto element : elements)
              if (auto err = read(element))
                return err;
            return {};
          }};
}

caf::error read_statement_into(dom::element x, sql_statement& out) {
  return read_fields(x, "a statement", {sql_field(out.sql), params_field(out.params)});
}

} // namespace

// -- documents ---------------------------------------------------------------------

bool valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

caf::error check_object(const std::string& text) {
  reading json{text};
  if (auto err = json.error())
    return err;
  if (!json.root().is_object())
    return invalid("must be a JSON object");
  return {};
}

caf::error check_lines(const std::string& text) {
  auto readable = text.data() + text.capacity();
  size_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = std::string_view{text}.substr(at, end - at);
    auto room = static_cast<size_t>(readable - (line.data() + line.size()));
    reading json{line, room >= simdjson::SIMDJSON_PADDING};
    if (auto err = json.error())
      return caf::make_error(code_of(err),
                             "line " + std::to_string(number) + ": " + text_of(err));
    at = end + 1;
  }
  return {};
}

// -- SQL ---------------------------------------------------------------------------

caf::expected<sql_statement> read_statement(const std::string& text) {
  reading json{text};
  if (auto err = json.error())
    return err;
  sql_statement statement;
  if (auto err = read_statement_into(json.root(), statement))
    return err;
  return statement;
}

caf::expected<sql_write> read_transaction(const std::string& text) {
  reading json{text};
  if (auto err = json.error())
    return err;
  sql_write write;
  auto add = [&](dom::element x) {
    return read_statement_into(x, write.statements.emplace_back());
  };
  if (auto err =
        read_fields(json.root(), "a transaction", {list_field("statements", add)}))
    return err;
  return write;
}

caf::expected<sql_write> read_batch(const std::string& text) {
  reading json{text};
  if (auto err = json.error())
    return err;
  sql_write write;
  write.statements.resize(1);
  auto add = [&](dom::element x) -> caf::error {
    auto row = read_row(x, "a row");
    if (!row)
      return std::move(row.error());
    write.rows.push_back(std::move(*row));
    return {};
  };
  if (auto err =
        read_fields(json.root(), "a batch",
                    {sql_field(write.statements[0].sql), list_field("rows", add)}))
    return err;
  return write;
}

caf::expected<checkpoint_mode> read_checkpoint(const std::string& text) {
  if (text.empty())
    return checkpoint_mode::passive;
  reading json{text};
  if (auto err = json.error())
    return err;
  auto mode = checkpoint_mode::passive;
  auto read = [&](dom::element x) -> caf::error {
    auto refused = invalid("\"mode\" must be PASSIVE, FULL, RESTART or TRUNCATE");
    std::string_view word;
    if (x.get(word))
      return refused;
    std::string lower{word};
    for (auto& letter : lower)
      letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    using enum checkpoint_mode;
    for (auto known : {passive, full, restart, truncate}) {
      if (lower == to_string(known)) {
        mode = known;
        return {};
      }
    }
    return refused;
  };
  if (auto err = read_fields(json.root(), "a checkpoint", {{"mode", false, read}}))
    return err;
  return mode;
}

} // namespace sluice::json
