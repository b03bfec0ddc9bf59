// Writes JSON, front to back, into one string. Commas are put where they belong;
// opening and closing in the right order is up to the caller.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::http {

class json_writer {
public:
  json_writer& open_object() { return open('{'); }
  json_writer& close_object() { return close('}'); }
  json_writer& open_array() { return open('['); }
  json_writer& close_array() { return close(']'); }

  /// Names the member whose value comes next.
  json_writer& key(std::string_view name);

  /// Bytes that are no UTF-8 become U+FFFD.
  json_writer& value(std::string_view text);
  json_writer& value(const char* text) { return value(std::string_view{text}); }
  /// In shortest decimal form; what is not finite becomes null.
  json_writer& value(double number);
  json_writer& value(std::same_as<bool> auto flag) {
    return raw(flag ? "true" : "false");
  }
  json_writer& value(std::signed_integral auto number) { return integer(number); }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) json_writer& value(T number) {
    return natural(number);
  }
  json_writer& null() { return raw("null"); }
  /// A point in time in ms since 1970; 0 stands for none.
  json_writer& time(int64_t ms) { return ms == 0 ? null() : value(ms); }
  /// A value that is JSON already.
  json_writer& raw(std::string_view json);
  /// A value that `append` puts behind what is written.
  template <class Append>
  json_writer& appended(Append append) {
    separate();
    append(text_);
    return *this;
  }

  template <class T>
  json_writer& member(std::string_view name, const T& x) {
    return key(name).value(x);
  }

  size_t size() const { return text_.size(); }
  void reserve(size_t bytes) { text_.reserve(bytes); }
  std::string take() { return std::move(text_); }

private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  json_writer& integer(int64_t number);
  json_writer& natural(uint64_t number);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool comma_ = false;
};

} // namespace sluice::http
