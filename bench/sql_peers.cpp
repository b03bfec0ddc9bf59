// Single-row inserts into SQLite without Sluice: each in a commit of its own, or many
// to a commit by hand. Closing the database, which moves the WAL into it, is included.
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "bench/sqlite_peer.hpp"
#include "bench/workload.hpp"

namespace {

using namespace sluice::bench;

std::string path_in(const std::string& directory) {
  return directory + "/peer.db";
}

void prepare(const std::string& directory, uint64_t) {
  sqlite_peer{path_in(directory)}.run(create_rows);
}

void insert(sqlite_peer& db, uint64_t rows, uint64_t rows_per_commit) {
  sqlite_peer::statement statement{db, insert_row};
  for (uint64_t i = 0; i < rows; ++i) {
    if (i % rows_per_commit == 0)
      db.run("BEGIN");
    statement.run(row_body(i));
    if ((i + 1) % rows_per_commit == 0 || i + 1 == rows)
      db.run("COMMIT");
  }
}

void autocommit(const std::string& directory, uint64_t rows) {
  auto before = cost_so_far();
  {
    sqlite_peer db{path_in(directory)};
    sqlite_peer::statement statement{db, insert_row};
    for (uint64_t i = 0; i < rows; ++i)
      statement.run(row_body(i));
  }
  report(before);
}

void by_thousand(const std::string& directory, uint64_t rows) {
  auto before = cost_so_far();
  {
    sqlite_peer db{path_in(directory)};
    insert(db, rows, 1000);
  }
  report(before);
}

} // namespace

int main(int argc, char** argv) {
  return run_case(
    argc, argv,
    {{"prepare", prepare}, {"autocommit", autocommit}, {"by-thousand", by_thousand}});
}
