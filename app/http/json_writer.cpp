#include "app/http/json_writer.hpp"

#include "actors/detail/json_text.hpp"

#include <charconv>
#include <cmath>

namespace sluice::http {

namespace {

template <class T>
void append_number(std::string& out, T number) {
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

} // namespace

json_writer& json_writer::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

json_writer& json_writer::value(double number) {
  if (!std::isfinite(number))
    return null();
  separate();
  append_number(text_, number);
  return *this;
}

json_writer& json_writer::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

json_writer& json_writer::open(char bracket) {
  separate();
  text_ += bracket;
  comma_ = false;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

json_writer& json_writer::integer(int64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

json_writer& json_writer::natural(uint64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

void json_writer::separate() {
  if (comma_)
    text_ += ',';
  comma_ = true;
}

void json_writer::quote(std::string_view text) {
  json::append_quoted(text_, text);
}

} // namespace sluice::http
