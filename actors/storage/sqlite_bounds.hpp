// What one request of a user's may take of what is everybody's: time, memory, temporary
// files, the size of a value. The service's own statements have no such bounds.
#pragma once

#include "actors/storage/sqlite_connection.hpp"
#include "actors/storage/sqlite_memory.hpp"
#include "actors/storage/sqlite_settings.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/timespan.hpp>

#include <cstddef>
#include <utility>

namespace sluice::sqlite {

struct bounds {
  /// From the request's begin, whatever it consists of.
  caf::timespan time = std::chrono::seconds{5};
  /// Bytes of a value, and of a row.
  size_t value_bytes_max = 16'777'216;
  /// Bytes that SQLite may hold for all such requests, beyond the connections' caches.
  size_t memory_bytes_max = 67'108'864;
  /// Of this connection.
  size_t cache_bytes = 10'240'000;
  /// Bytes of the files that SQLite sorts in.
  size_t temp_bytes_max = 268'435'456;
  /// Bytes that users may have the schema take in each connection.
  size_t schema_bytes_max = 8'388'608;
};

/// @param time and `result_bytes_max` bind the request, the rest the database.
bounds bounds_of(const settings& from, caf::timespan time, size_t result_bytes_max);

/// While it lives, what runs on a connection, by this thread, runs within bounds. What
/// ran must be finished before it ends.
class bounded_request {
public:
  bounded_request(connection& db, const bounds& within);
  ~bounded_request();
  bounded_request(const bounded_request&) = delete;
  bounded_request& operator=(const bounded_request&) = delete;

  /// Returns what an error of SQLite's is by these bounds, or the error.
  caf::error judge(caf::error err) const;

  /// The same for what came out at last. SQLite may get over what it was refused past the
  /// time: a check of the database takes it for damage, and tells of that.
  template <class T>
  caf::expected<T> judge(caf::expected<T> x) const {
    if (!x)
      return judge(std::move(x.error()));
    if (memory_.refused() == shortage::late)
      return judge_memory();
    return x;
  }

  /// Whether memory was refused while there was time.
  bool ran_short() const {
    return memory_.refused() != shortage::none && memory_.refused() != shortage::late;
  }

private:
  bool lacks_system() const;
  caf::error judge_memory() const;

  connection& db_;
  const bounds& within_;
  ration memory_;
};

} // namespace sluice::sqlite
