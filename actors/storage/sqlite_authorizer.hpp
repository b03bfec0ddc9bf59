// Users' SQL may change users' data and nothing else: no transaction control, no
// other files, no TEMP objects, nothing named `sluice_*`, no setting. SQLite asks the
// authorizer about each action while it compiles a statement, what triggers and views
// would do included, and what virtual tables do to the tables that they keep.
#pragma once

#include "actors/storage/sqlite_deadline.hpp"
#include "messages/sql.hpp"

#include <string>
#include <string_view>

struct sqlite3;

namespace sluice::sqlite {

class authorizer {
public:
  /// Watches what `db` compiles from now on, and refuses everything of users' once the
  /// time is over. Both must outlive the connection.
  ///
  /// @param writes tells whether this is a connection that nobody could stand in for.
  void install(sqlite3* db, const deadline& until, bool writes);

  /// Says whose SQL is compiled next, and its text.
  void expect(sql_origin origin, std::string_view sql);

  /// What was refused last, in words; empty if nothing was.
  const std::string& refusal() const { return refusal_; }

  /// Whether what was expected last changes the schema, if it changes anything.
  bool changes_schema() const { return changes_schema_; }

  /// Whether foreign keys were deferred since this was last asked.
  bool take_deferral();

private:
  /// Without memory for its reason the process ends: no exception may pass through
  /// SQLite, and for a refusal a queued write would be given up.
  static int ask(void* self, int action, const char* first, const char* second,
                 const char* schema, const char* within) noexcept;

  /// Returns why the action is refused, or an empty text.
  std::string why_not(int action, std::string_view first, std::string_view second,
                      std::string_view schema) const;

  sql_origin origin_ = sql_origin::sluice;
  std::string_view sql_;
  const deadline* until_ = nullptr;
  bool writes_ = false;
  std::string refusal_;
  bool changes_schema_ = false;
  bool deferral_ = false;
};

} // namespace sluice::sqlite
