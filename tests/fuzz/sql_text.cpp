// SQL of a user's, as the writer runs it: text by text, up to the first NUL each, all in
// one request. It ends within its bounds, and nothing of the service's own is another
// afterwards, nor is anything tied to it.
#include "actors/database/write_transaction.hpp"
#include "actors/storage/sqlite_lookups.hpp"
#include "messages/error.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <chrono>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr size_t statements_max = 4;

/// Far past the limit, which the sanitizers let nobody keep to a moment.
constexpr auto time_max = 4s;

constexpr const char* schema[] = {
  "CREATE TABLE sluice_queue(id INTEGER PRIMARY KEY, spool TEXT, seq INTEGER)",
  "INSERT INTO sluice_queue VALUES (1, 'a', 7)",
  "CREATE TABLE sluice_sessions(store, key, document, PRIMARY KEY (store, key))",
  "INSERT INTO sluice_sessions VALUES ('s', 'k', '{}')",
  "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c DEFAULT 1)",
  "CREATE INDEX i ON t(b, c)",
  "CREATE VIEW v AS SELECT a, b FROM t",
  "CREATE VIRTUAL TABLE f USING fts5(x)",
  "CREATE VIRTUAL TABLE g USING fts4(x)",
  "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', NULL), (3, x'00', 2.5)",
  "INSERT INTO f VALUES ('a b a')",
};

class database {
public:
  database() {
    cfg_.request = {20ms, 65'536, 4'194'304, 2'048'000, 1'048'576};
    cfg_.result_bytes_max = 65'536;
    good(db_.open(":memory:", sqlite::access::read_write));
    for (const auto* sql : schema)
      good(db_.run(sql));
    own_ = own();
  }

  void run(const sql_write& x) {
    write_transaction work{db_, schema_, cfg_, false};
    good(work.begin(false));
    caf::expected<sql_receipt> outcome{ec::unavailable};
    const auto begun = std::chrono::steady_clock::now();
    static_cast<void>(work.run_in_savepoint(x, outcome));
    fuzz::must(std::chrono::steady_clock::now() - begun < time_max,
               "a request ends within its time");
    fuzz::must(own() == own_, "what is the service's own stays as it is");
    good(schema_.look());
    fuzz::must(schema_.ties().empty(), "nothing is tied to the service's own");
    work.roll_back();
  }

private:
  static void good(const caf::error& err) {
    if (err)
      fuzz::must(false, "the service's own statements succeed: " + text_of(err));
  }

  /// All that has an own name, and what is in the tables.
  std::vector<std::string> own() {
    auto found = db_.ask(
      "SELECT type || name || tbl_name || quote(sql) FROM sqlite_schema "
      "WHERE lower(name) GLOB 'sluice[_]*' OR lower(tbl_name) GLOB 'sluice[_]*' "
      "UNION ALL SELECT id || spool || seq FROM sluice_queue "
      "UNION ALL SELECT store || key || document FROM sluice_sessions ORDER BY 1");
    good(found ? caf::error{} : found.error());
    return *found;
  }

  sqlite::vfs files_;
  sqlite::connection db_{files_};
  sqlite::schema_watch schema_{db_};
  write_config cfg_;
  std::vector<std::string> own_;
};

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static database db;
  sql_write write;
  write.origin = sql_origin::user;
  auto rest = fuzz::text_of_input(data, size);
  while (!rest.empty() && write.statements.size() < statements_max) {
    auto [sql, behind] = fuzz::in_two(rest);
    write.statements.push_back({sql, {}});
    rest = behind;
  }
  if (!write.statements.empty())
    db.run(write);
  return 0;
}
