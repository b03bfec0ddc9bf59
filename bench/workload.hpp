// The work itself, the same for us and for every peer: which lines, rows and documents,
// in which order.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace sluice::bench {

// -- logs: lines of 100 bytes, the newline included ---------------------------------

inline const std::string& log_line() {
  static const auto line = std::string(99, 'x') + '\n';
  return line;
}

constexpr uint64_t lines_per_chunk = 100;

inline std::string log_lines(uint64_t count) {
  std::string result;
  result.reserve(count * log_line().size());
  for (uint64_t i = 0; i < count; ++i)
    result += log_line();
  return result;
}

// -- SQL: rows whose one value has 100 bytes ----------------------------------------

inline constexpr const char* create_rows =
  "CREATE TABLE readings(id INTEGER PRIMARY KEY, body TEXT)";
inline constexpr const char* insert_row = "INSERT INTO readings(body) VALUES(?)";

inline std::string row_body(uint64_t number) {
  auto text = std::to_string(number);
  return text + std::string(100 - text.size(), 'x');
}

// -- sessions: 500 documents of 1 KB, updated in a fixed random order -----------------

constexpr uint64_t session_count = 500;

inline std::string session_key(uint64_t session) {
  return "agent:" + std::to_string(session);
}

/// A JSON object of 1,024 bytes.
inline std::string session_document(uint64_t session, uint64_t version) {
  char head[80];
  auto size =
    std::snprintf(head, sizeof head, R"({"session":%ju,"version":%ju,"history":")",
                  uintmax_t{session}, uintmax_t{version});
  auto fill = 1024 - static_cast<size_t>(size) - 2;
  return head + std::string(fill, 'x') + "\"}";
}

/// Which session the n-th update is for.
inline uint64_t updated_session(uint64_t update) {
  // The finalizer of splitmix64: well mixed, and the same everywhere.
  auto x = (update + 1) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return (x ^ (x >> 31)) % session_count;
}

} // namespace sluice::bench
