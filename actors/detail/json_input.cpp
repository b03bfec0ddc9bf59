#include "actors/detail/json_input.hpp"

#include "actors/detail/json_params.hpp"
#include "actors/detail/json_reading.hpp"

#include <algorithm>

#include <strings.h>

namespace sluice::json {

namespace {

/// Longer texts are looked at where they stand.
constexpr size_t decoded_bytes_max = 1'048'576;

// -- members of statements ---------------------------------------------------------

field sql_field(std::string& sql, payment& pays) {
  return {"sql", true, [&sql, &pays](dom::element x) -> caf::error {
            std::string_view text;
            if (x.get(text))
              return invalid("\"sql\" must be a string");
            if (text.find_first_not_of(" \t\n\r\f\v") == text.npos)
              return invalid("\"sql\" is empty");
            sql = text;
            return pays.take(text.size());
          }};
}

field params_field(sql_statement& x, payment& pays) {
  auto read = [&x, &pays](dom::element value) {
    auto err = read_params(value, "parameters", x.params, x.names, pays);
    return err ? behind(".params", err) : err;
  };
  return {"params", false, read};
}

} // namespace

// -- documents ---------------------------------------------------------------------

bool valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

caf::error check_value(const std::string& text, size_t levels) {
  // What can be decoded is JSON; of the rest, and of what would take much memory to
  // decode, the grammar decides.
  if (text.size() <= decoded_bytes_max && !reading{text}.failed())
    return {};
  auto found = find_fault(text, levels);
  return found ? told(*found, text) : caf::error{};
}

caf::error check_object(const std::string& text, size_t levels) {
  if (auto err = check_value(text, levels))
    return err;
  return text[text.find_first_not_of(" \t\n\r")] == '{'
           ? caf::error{}
           : invalid("must be a JSON object");
}

caf::error check_line(std::string_view line, size_t room) {
  if (!reading{line, room >= simdjson::SIMDJSON_PADDING}.failed())
    return {};
  auto found = find_fault(line, depth_max);
  return found ? told(*found, line, false) : caf::error{};
}

caf::error check_lines(const std::string& text) {
  auto readable = text.data() + text.capacity();
  size_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = std::string_view{text}.substr(at, end - at);
    auto room = static_cast<size_t>(readable - (line.data() + line.size()));
    if (auto err = check_line(line, room))
      return behind("line " + std::to_string(number), err);
    at = end + 1;
  }
  return {};
}

// -- SQL ---------------------------------------------------------------------------

caf::expected<sql_statement> read_statement(const std::string& text, credit charge) {
  sql_statement statement;
  payment pays{std::move(charge)};
  return read_body(text, "a statement", statement,
                   {sql_field(statement.sql, pays), params_field(statement, pays)});
}

caf::expected<sql_write> read_transaction(const std::string& text, credit charge) {
  sql_write write;
  payment pays{std::move(charge)};
  auto add = [&](dom::element x) {
    auto& statement = write.statements.emplace_back();
    // The list grows by doubling, and is copied then.
    if (auto err = pays.take(2 * sizeof statement))
      return err;
    return read_fields(x, "a statement",
                       {sql_field(statement.sql, pays), params_field(statement, pays)});
  };
  if (auto err = read_listing(text, "a transaction", {}, {"statements", add}))
    return err;
  return write;
}

caf::expected<sql_write> read_batch(const std::string& text, credit charge) {
  sql_write write;
  payment pays{std::move(charge)};
  auto& statement = write.statements.emplace_back();
  batch_reader rows{statement.names, write.rows, pays};
  auto add = [&](dom::element x) { return rows.read(x); };
  if (auto err =
        read_listing(text, "a batch", {sql_field(statement.sql, pays)}, {"rows", add}))
    return err;
  return write;
}

caf::expected<checkpoint_mode> read_checkpoint(const std::string& text) {
  auto mode = checkpoint_mode::passive;
  auto read = [&](dom::element x) -> caf::error {
    using enum checkpoint_mode;
    const char* word = "";
    if (!x.get(word))
      for (auto known : {passive, full, restart, truncate})
        if (::strcasecmp(word, to_string(known).c_str()) == 0) {
          mode = known;
          return {};
        }
    return invalid("\"mode\" must be PASSIVE, FULL, RESTART or TRUNCATE");
  };
  if (text.empty())
    return mode;
  return read_body(text, "a checkpoint", mode, {{"mode", false, read}});
}

} // namespace sluice::json
