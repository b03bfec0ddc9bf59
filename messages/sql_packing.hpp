// Values of SQL as bytes: a number and its kind take two where a value takes forty, so
// rows are held so in memory, and writes in the spool.
#pragma once

#include "messages/sql_value.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::packing {

/// What stands before each value.
enum class tag : uint8_t { null = 0, integer = 1, real = 2, text = 3, blob = 4 };

constexpr uint8_t tag_max = 4;

/// Small numbers, negative ones too, take few bytes.
inline uint64_t fold(int64_t x) {
  return static_cast<uint64_t>(x) << 1 ^ static_cast<uint64_t>(x >> 63);
}

inline int64_t unfold(uint64_t x) {
  return static_cast<int64_t>(x >> 1 ^ (~(x & 1) + 1));
}

/// Appends to a text.
class encoder {
public:
  explicit encoder(std::string& to) : out_(to) {}

  void byte(uint8_t x) { out_ += static_cast<char>(x); }

  void number(uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      byte(static_cast<uint8_t>(x | 0x80));
    byte(static_cast<uint8_t>(x));
  }

  void text(std::string_view x) {
    number(x.size());
    out_ += x;
  }

  void row(const sql_row& x) {
    number(x.size());
    for (const auto& value : x)
      caf::visit(*this, value);
  }

  void names(const std::vector<std::string>& x) {
    number(x.size());
    for (const auto& name : x)
      text(name);
  }

  void operator()(const sql_null&) { start(tag::null); }
  void operator()(int64_t x) {
    start(tag::integer);
    number(fold(x));
  }
  void operator()(double x) {
    start(tag::real);
    auto bits = std::bit_cast<uint64_t>(x);
    for (int i = 0; i < 8; ++i)
      byte(static_cast<uint8_t>(bits >> (8 * i)));
  }
  void operator()(const std::string& x) {
    start(tag::text);
    text(x);
  }
  void operator()(const sql_blob& x) {
    start(tag::blob);
    text(x.bytes);
  }

private:
  void start(tag x) { byte(static_cast<uint8_t>(x)); }

  std::string& out_;
};

/// Reads as far as the bytes make sense; from then on it has failed, and gives zeros.
class decoder {
public:
  explicit decoder(std::string_view in) : in_(in) {}

  uint8_t byte() {
    if (in_.empty())
      return fail();
    auto x = static_cast<uint8_t>(in_.front());
    in_.remove_prefix(1);
    return x;
  }

  uint64_t number() {
    uint64_t x = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      auto next = byte();
      x |= static_cast<uint64_t>(next & 0x7f) << shift;
      if (next < 0x80)
        return x;
    }
    return fail();
  }

  /// How many items follow. Each takes a byte at least, so damage cannot make us ask
  /// for all the memory there is.
  size_t count() {
    auto n = number();
    return n <= in_.size() ? static_cast<size_t>(n) : fail();
  }

  std::string text() {
    auto size = count();
    std::string x{in_.substr(0, size)};
    in_.remove_prefix(size);
    return x;
  }

  /// Puts the values in the place of those that are there.
  void row(sql_row& x) {
    auto n = count();
    x.clear();
    // A value takes more than its bytes: what is damaged is found out before.
    x.reserve(std::min(n, values_ahead_max));
    for (size_t i = 0; i < n && !failed_; ++i)
      x.push_back(value());
  }

  std::vector<std::string> names() {
    std::vector<std::string> x;
    auto n = count();
    for (size_t i = 0; i < n && !failed_; ++i)
      x.push_back(text());
    return x;
  }

  /// What was not read yet.
  std::string_view rest() const { return in_; }

  bool has_failed() const { return failed_; }
  bool is_whole() const { return !failed_ && in_.empty(); }

  uint8_t fail() {
    failed_ = true;
    in_ = {};
    return 0;
  }

private:
  static constexpr size_t values_ahead_max = 32'766;

  sql_value value() {
    auto kind = byte();
    if (kind > tag_max)
      fail();
    switch (static_cast<tag>(kind)) {
      case tag::integer:
        return unfold(number());
      case tag::real:
        return real();
      case tag::text:
        return text();
      case tag::blob:
        return sql_blob{text()};
      default:
        return sql_null{};
    }
  }

  double real() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i)
      bits |= static_cast<uint64_t>(byte()) << (8 * i);
    return std::bit_cast<double>(bits);
  }

  std::string_view in_;
  bool failed_ = false;
};

} // namespace sluice::packing
