#include "actors/detail/sql_json.hpp"

#include "actors/detail/json_text.hpp"

#include <charconv>
#include <cmath>

namespace sluice::json {

namespace {

template <class T>
std::string_view digits_of(char (&space)[32], T x) {
  auto end = std::to_chars(space, space + sizeof space, x).ptr;
  return {space, static_cast<size_t>(end - space)};
}

void append_tagged(std::string& out, std::string_view tag, std::string_view bytes) {
  out.append("{\"").append(tag).append("\":\"");
  append_base64(out, bytes);
  out += "\"}";
}

struct value_appender {
  std::string& out;
  integer_form integers;

  void operator()(const sql_null&) const { out += "null"; }

  void operator()(int64_t x) const {
    char space[32];
    const auto* quote = integers == integer_form::string ? "\"" : "";
    out.append(quote).append(digits_of(space, x)).append(quote);
  }

  /// In shortest decimal form.
  void operator()(double x) const {
    if (std::isnan(x)) { // SQLite makes NULL of it
      out += "null";
    } else if (std::isinf(x)) {
      out += x > 0 ? R"({"$real":"Infinity"})" : R"({"$real":"-Infinity"})";
    } else {
      char space[32];
      auto digits = digits_of(space, x);
      out += digits;
      if (digits.find_first_of(".e") == digits.npos)
        out += ".0";
    }
  }

  void operator()(const std::string& x) const {
    const auto begin = out.size();
    if (append_quoted(out, x))
      return;
    out.resize(begin);
    append_tagged(out, "$text", x);
  }

  void operator()(const sql_blob& x) const { append_blob(out, x.bytes); }
};

} // namespace

void append_value(std::string& out, const sql_value& x, integer_form integers) {
  caf::visit(value_appender{out, integers}, x);
}

void append_row(std::string& out, const sql_row& row, integer_form integers) {
  out += '[';
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0)
      out += ',';
    append_value(out, row[i], integers);
  }
  out += ']';
}

void append_blob(std::string& out, std::string_view bytes) {
  append_tagged(out, "$blob", bytes);
}

} // namespace sluice::json
