#include "actors/database/sql_codec.hpp"

#include "messages/error.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

namespace sluice {

namespace {

/// The first version knew parameters by position only; it is still written where there
/// are no others, so that a version of Sluice that knows no more can read it.
constexpr uint8_t version_unnamed = 1;
constexpr uint8_t version_named = 2;

/// What stands before each value.
enum class tag : uint8_t { null = 0, integer = 1, real = 2, text = 3, blob = 4 };

constexpr uint8_t tag_max = 4;

/// Small numbers, negative ones too, take few bytes.
uint64_t fold(int64_t x) {
  return static_cast<uint64_t>(x) << 1 ^ static_cast<uint64_t>(x >> 63);
}

int64_t unfold(uint64_t x) {
  return static_cast<int64_t>(x >> 1 ^ (~(x & 1) + 1));
}

// -- writing --------------------------------------------------------------------

class encoder {
public:
  void byte(uint8_t x) { out += static_cast<char>(x); }

  void number(uint64_t x) {
    for (; x >= 0x80; x >>= 7)
      byte(static_cast<uint8_t>(x | 0x80));
    byte(static_cast<uint8_t>(x));
  }

  void text(std::string_view x) {
    number(x.size());
    out += x;
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

  std::string out;

private:
  void start(tag x) { byte(static_cast<uint8_t>(x)); }
};

// -- reading --------------------------------------------------------------------

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

  sql_row row() {
    sql_row x;
    auto n = count();
    x.reserve(n);
    for (size_t i = 0; i < n && !failed_; ++i)
      x.push_back(value());
    return x;
  }

  std::vector<std::string> names() {
    std::vector<std::string> x;
    auto n = count();
    for (size_t i = 0; i < n && !failed_; ++i)
      x.push_back(text());
    return x;
  }

  bool is_whole() const { return !failed_ && in_.empty(); }

  uint8_t fail() {
    failed_ = true;
    in_ = {};
    return 0;
  }

private:
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

} // namespace

std::string encode(const sql_write& write, std::string_view database) {
  auto named = std::any_of(write.statements.begin(), write.statements.end(),
                           [](const sql_statement& x) { return !x.names.empty(); });
  encoder to;
  to.byte(named ? version_named : version_unnamed);
  to.text(database);
  to.byte(static_cast<uint8_t>(write.origin));
  to.number(write.statements.size());
  for (const auto& statement : write.statements) {
    to.text(statement.sql);
    to.row(statement.params);
    if (named)
      to.names(statement.names);
  }
  to.number(write.rows.size());
  for (const auto& row : write.rows)
    to.row(row);
  return std::move(to.out);
}

caf::expected<stored_write> decode(std::string_view bytes) {
  decoder from{bytes};
  auto version = from.byte();
  if (version != version_unnamed && version != version_named)
    return caf::make_error(ec::invalid_argument, "the record has version "
                                                   + std::to_string(version)
                                                   + ", which is unknown");
  stored_write result;
  result.database = from.text();
  auto origin = from.byte();
  if (origin > static_cast<uint8_t>(sql_origin::sluice))
    from.fail();
  result.write.origin = static_cast<sql_origin>(origin);
  auto statements = from.count();
  for (size_t i = 0; i < statements; ++i) {
    auto& statement = result.write.statements.emplace_back();
    statement.sql = from.text();
    statement.params = from.row();
    if (version == version_named)
      statement.names = from.names();
  }
  auto rows = from.count();
  for (size_t i = 0; i < rows; ++i)
    result.write.rows.push_back(from.row());
  if (!from.is_whole())
    return caf::make_error(ec::invalid_argument, "the record is damaged");
  return result;
}

} // namespace sluice
