#include "actors/storage/sqlite_bounds.hpp"

#include "actors/storage/sqlite_error.hpp"
#include "messages/error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::sqlite {

namespace {

/// Beside its cache a request always gets so much, whatever others hold.
constexpr size_t own_bytes = 8'388'608;

/// The system lacks memory if it has not so much.
constexpr size_t probe_bytes = 1'048'576;

/// What a request held beyond this is given back to the system at its end.
constexpr size_t kept_bytes_max = 2'097'152;

/// The part of what all requests share that the schema may take in each connection, and
/// what it may take in any case.
constexpr size_t schema_part = 8;
constexpr size_t schema_bytes_min = 1'048'576;

/// However little a result may be, what a request brings with it may be stored.
constexpr size_t value_bytes_min = 16'777'216;

std::string setting(const char* name, size_t value) {
  return std::string{name} + "=" + std::to_string(value);
}

} // namespace

bounds bounds_of(const settings& from, caf::timespan time, size_t result_bytes_max) {
  return {time,
          std::max(result_bytes_max, value_bytes_min),
          from.memory_bytes_max,
          from.cache_kib * 1024,
          from.temp_bytes_max,
          std::max(from.memory_bytes_max / schema_part, schema_bytes_min)};
}

bounded_request::bounded_request(connection& db, const bounds& within)
    : db_(db), within_(within),
      memory_(within.cache_bytes + own_bytes, within.memory_bytes_max, db.until()) {
  db_.bound(within.time, within.value_bytes_max, within.temp_bytes_max);
}

bounded_request::~bounded_request() {
  db_.unbound();
  if (memory_.has_drawn()) // its cache may be what has grown
    db_.shrink();
  if (memory_.bytes_max() > kept_bytes_max)
    return_free_memory();
}

caf::error bounded_request::judge(caf::error err) const {
  if (!err)
    return err;
  switch (db_.last_code()) {
    case SQLITE_NOMEM:
      if (!lacks_system())
        return judge_memory();
      break;
    case SQLITE_AUTH:
      if (db_.until().has_passed())
        return caf::make_error(ec::refused, late_text);
      break;
    case SQLITE_TOOBIG:
      return caf::make_error(ec::too_large,
                             text_of(err) + ": in this statement a value may have "
                               + std::to_string(db_.value_bytes())
                               + " bytes (by sqlite.max-result-bytes, and less in a very "
                                 "long one)");
    case SQLITE_FULL:
      if (db_.has_spent_temp_bytes())
        return caf::make_error(
          ec::too_large, "the statement sorts or keeps more than "
                           + setting("sqlite.max-temp-bytes", within_.temp_bytes_max)
                           + " allows");
      break;
    default:
      break;
  }
  return err;
}

/// Who asks for more than SQLite takes at once is refused before anybody was asked. Then
/// the system has as much as this had, and more, unless it lacks memory after all: SQLite
/// fails until the transaction ends of what it was refused in the midst of one.
bool bounded_request::lacks_system() const {
  if (memory_.refused() == shortage::none)
    return met_lack_of_memory() || !has_memory(memory_.bytes_max() + probe_bytes);
  return memory_.refused() == shortage::failed;
}

caf::error bounded_request::judge_memory() const {
  switch (memory_.refused()) {
    case shortage::late:
      return caf::make_error(ec::refused, late_text);
    case shortage::crowded:
      return caf::make_error(
        ec::overloaded, "other statements hold the memory that this one needs, of "
                          + setting("sqlite.max-memory-bytes", within_.memory_bytes_max)
                          + "; try again later");
    default:
      return caf::make_error(
        ec::too_large, "the statement needs more memory than "
                         + setting("sqlite.max-memory-bytes", within_.memory_bytes_max)
                         + " allows");
  }
}

} // namespace sluice::sqlite
