#include "actors/storage/dead_letter_line.hpp"

#include "actors/detail/json_text.hpp"
#include "actors/detail/sql_json.hpp"

#include <algorithm>
#include <charconv>

namespace sluice {

namespace {

constexpr std::string_view before_spool = R"({"spool":")";
constexpr std::string_view before_number = R"(","seq":)";

/// Only a whole line has it: within strings the quotes are escaped.
constexpr std::string_view before_end = R"(,"time":)";

std::string front_of(const std::string& spool) {
  return std::string{before_spool} + spool + std::string{before_number};
}

template <class T>
void append_number(std::string& out, T x) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, x).ptr);
}

/// As they were sent: by position, or by their names.
void append_params(std::string& out, const std::vector<std::string>& names,
                   const sql_row& values) {
  if (names.empty())
    return json::append_row(out, values);
  out += '{';
  for (size_t i = 0; i < values.size() && i < names.size(); ++i) {
    if (i > 0)
      out += ',';
    json::append_quoted(out, names[i]);
    out += ':';
    json::append_value(out, values[i]);
  }
  out += '}';
}

void append_statement(std::string& out, const sql_statement& x) {
  out += "\"sql\":";
  json::append_quoted(out, x.sql);
  if (x.params.empty())
    return;
  out += ",\"params\":";
  append_params(out, x.names, x.params);
}

/// The members of the request that the write came with.
void append_write(std::string& out, const sql_write& x) {
  if (x.statements.size() != 1) {
    out += "\"statements\":[";
    for (size_t i = 0; i < x.statements.size(); ++i) {
      out += i > 0 ? ",{" : "{";
      append_statement(out, x.statements[i]);
      out += '}';
    }
    out += ']';
    return;
  }
  append_statement(out, x.statements.front());
  if (x.rows.empty())
    return;
  out += ",\"rows\":[";
  const auto* between = "";
  for (const auto& row : x.rows) {
    out += std::exchange(between, ",");
    append_params(out, x.statements.front().names, row);
  }
  out += ']';
}

void append_what(std::string& out, const queued_write& x) {
  if (x.write.data) {
    append_write(out, *x.write.data);
  } else {
    out += "\"record\":";
    json::append_blob(out, x.unreadable);
  }
}

/// Where the string ends that begins there, or none: a page that was lost is full of
/// bytes that no string has.
size_t end_of_string(std::string_view line, size_t at) {
  for (; at < line.size() && line[at] != '"'; ++at) {
    if (static_cast<unsigned char>(line[at]) < ' ')
      return line.npos;
    at += line[at] == '\\' ? 1 : 0;
  }
  return at < line.size() ? at : line.npos;
}

} // namespace

std::string line_of(const std::string& spool, const dead_letter& letter,
                    int64_t time_ms) {
  auto out = front_of(spool);
  append_number(out, letter.what->seq);
  out += ",\"error\":";
  json::append_quoted(out, letter.error);
  out += ',';
  append_what(out, *letter.what);
  out += before_end;
  append_number(out, time_ms);
  out += "}\n";
  return out;
}

/// A crash may leave a line's beginning, which somebody's newline ended later.
bool is_dead_letter(std::string_view line) {
  auto at = line.rfind(before_end);
  if (!line.starts_with(before_spool) || at == line.npos || !line.ends_with("}\n"))
    return false;
  auto digits = line.substr(at + before_end.size());
  digits.remove_suffix(2);
  if (digits.starts_with('-')) // a clock may stand before 1970
    digits.remove_prefix(1);
  return !digits.empty() && std::all_of(digits.begin(), digits.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

bool is_line_of(std::string_view line, const std::string& spool,
                const queued_write& what) {
  auto front = front_of(spool);
  append_number(front, what.seq);
  front += ",\"error\":\"";
  if (!line.starts_with(front) || !is_dead_letter(line))
    return false;
  const auto error_end = end_of_string(line, front.size());
  if (error_end == line.npos)
    return false;
  auto rest = std::string{"\","};
  append_what(rest, what);
  rest += before_end;
  const auto behind = line.substr(error_end);
  return behind.starts_with(rest) && behind.find('}', rest.size()) == behind.size() - 2;
}

std::optional<uint64_t> number_of(std::string_view line, const std::string& spool) {
  const auto front = front_of(spool);
  if (!line.starts_with(front) || !is_dead_letter(line))
    return std::nullopt;
  uint64_t seq = 0;
  auto digits = line.substr(front.size());
  auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  if (bad != std::errc{})
    return std::nullopt;
  return seq;
}

} // namespace sluice
