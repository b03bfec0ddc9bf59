#include "actors/storage/sqlite_value_limit.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>

namespace sluice::sqlite {

namespace {

/// Bytes of a program times bytes of the values that it works on, done in seconds; and
/// what a value may have in the longest of programs.
constexpr uint64_t work_max = uint64_t{1} << 38;
constexpr uint64_t fitted_bytes_min = 65'536;

} // namespace

void value_limit::attach(sqlite3* db) {
  db_ = db;
  bytes_max_ = INT_MAX;
  bytes_ = INT_MAX;
}

void value_limit::bind(size_t bytes_max) {
  bytes_max_ = bytes_max;
  set(bytes_max);
}

void value_limit::fit(size_t program_bytes) {
  const auto fit = std::max(fitted_bytes_min, work_max / (program_bytes + 1));
  set(static_cast<size_t>(std::min<uint64_t>(bytes_max_, fit)));
}

void value_limit::set(size_t bytes) {
  if (db_ != nullptr && bytes != bytes_)
    sqlite3_limit(db_, SQLITE_LIMIT_LENGTH,
                  static_cast<int>(std::min<size_t>(bytes, INT_MAX)));
  bytes_ = bytes;
}

} // namespace sluice::sqlite
