#include "app/http/json_writer.hpp"

#include <openssl/evp.h>

#include <charconv>
#include <cmath>

namespace sluice::http {

namespace {

/// Length of the UTF-8 sequence at the front of `text`, or 0 if it is none.
size_t sequence_length(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length > text.size())
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  // Overlong forms, surrogates, and what is past U+10FFFF.
  if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) > 0x9f)
      || (first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) > 0x8f))
    return 0;
  return length;
}

void append_escaped(std::string& out, unsigned char c) {
  constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
  }
}

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

json_writer& json_writer::blob(std::string_view bytes) {
  std::string letters((bytes.size() + 2) / 3 * 4 + 1, '\0');
  auto length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(letters.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()),
                                static_cast<int>(bytes.size()));
  letters.resize(static_cast<size_t>(length));
  return open_object().member("$blob", letters).close_object();
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
  text_ += '"';
  size_t plain = 0; // where the run of bytes begins that need no change
  size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      ++i;
      continue;
    }
    const auto length = c < 0x80 ? 0 : sequence_length(text.substr(i));
    if (length > 0) {
      i += length;
      continue;
    }
    text_.append(text, plain, i - plain);
    if (c < 0x80)
      append_escaped(text_, c);
    else
      text_ += "\xef\xbf\xbd";
    plain = ++i;
  }
  text_.append(text, plain);
  text_ += '"';
}

} // namespace sluice::http
