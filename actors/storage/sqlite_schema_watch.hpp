// Nothing of the users' schema is tied to the service's own tables: no foreign key refers
// to one, no trigger or index is on one, nothing else has such a name. What SQL says does
// not tell, since SQLite rewrites references when a table is renamed, and a virtual table
// makes further ones; so the schema itself is looked at, after each change to it.
//
// Nor does the schema grow past its limit: each connection has all of it in memory, for
// good.
//
// Users are refused such a change. What another program has put there is told, and as
// long as it is there, the service's own statements run without triggers and foreign
// keys.
#pragma once

#include "actors/storage/sqlite_connection.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <set>
#include <string>

namespace sluice::sqlite {

class schema_watch {
public:
  /// `db` outlives this.
  explicit schema_watch(connection& db) : db_(db) {}

  /// Looks again if the schema is another one than last time. What is found stays true in
  /// the transaction in which this is called.
  caf::error look();

  /// Looks at what users' SQL has made of the schema: `refused` if something is tied now
  /// that was not, `too_large` if it has grown, and beyond the limit. To be undone then.
  caf::error judge(size_t bytes_max);

  /// Users' SQL is about to change the schema. If that is taken back, SQLite forgets all
  /// of it.
  void changing();

  /// Has it in memory again, before whoever comes next has to pay for it.
  caf::error reload();

  /// Bytes that it takes.
  size_t bytes() const { return found_.bytes; }

  /// To be called when the connection was opened.
  void forget();

  /// Whether there is a virtual table, which may put off what it is told to do.
  bool has_virtual_tables() const { return found_.has_virtual; }

  /// What is tied, and what to do about it, in words; empty if nothing is.
  std::string ties() const;

private:
  struct findings {
    /// All that has an own name, the service's own tables among it.
    std::set<std::string> names;
    /// All that should not be there.
    std::set<std::string> ties;
    size_t bytes = 0;
    bool has_virtual = false;
  };

  caf::expected<findings> survey();
  caf::error survey_foreign_keys(const std::string& table, std::set<std::string>& ties);
  void take(findings found);

  connection& db_;
  /// SQLite's number of the schema that was looked at; empty: look in any case.
  std::string version_;
  findings found_;
  /// Whether it is in memory, and what it took there before it was changed.
  bool loaded_ = true;
  size_t bytes_before_ = 0;
};

} // namespace sluice::sqlite
