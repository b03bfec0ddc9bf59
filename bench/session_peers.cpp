// Session updates without Sluice: the whole store to a file at each save, changed rows
// in SQLite, and the least there is, changed documents appended to a file.
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "bench/plain_file.hpp"
#include "bench/sqlite_peer.hpp"
#include "bench/whole_file.hpp"
#include "bench/workload.hpp"

namespace {

using namespace sluice::bench;

/// Updates in a window, as our own default has it: 10 sessions waiting.
constexpr uint64_t window = 10;

constexpr const char* upsert = "INSERT INTO sessions VALUES(?,?) ON CONFLICT(key) DO "
                               "UPDATE SET document=excluded.document";

void prepare_file(const std::string& directory, uint64_t) {
  save_whole(directory, first_documents());
}

void whole_file(const std::string& directory, uint64_t updates, uint64_t per_save) {
  auto documents = first_documents();
  auto before = cost_so_far();
  for (uint64_t i = 0; i < updates; ++i) {
    auto session = updated_session(i);
    documents[session] = session_document(session, i + 1);
    if ((i + 1) % per_save == 0 || i + 1 == updates)
      save_whole(directory, documents);
  }
  report(before);
}

void file_each(const std::string& directory, uint64_t updates) {
  whole_file(directory, updates, 1);
}

void file_window(const std::string& directory, uint64_t updates) {
  whole_file(directory, updates, window);
}

void prepare_rows(const std::string& directory, uint64_t) {
  sqlite_peer db{directory + "/peer.db"};
  db.run("CREATE TABLE sessions(key TEXT PRIMARY KEY, document TEXT)");
  db.run("BEGIN");
  sqlite_peer::statement statement{db, upsert};
  for (uint64_t i = 0; i < session_count; ++i)
    statement.run(session_key(i), session_document(i, 0));
  db.run("COMMIT");
}

void update_rows(const std::string& directory, uint64_t updates) {
  sqlite_peer db{directory + "/peer.db"};
  sqlite_peer::statement statement{db, upsert};
  for (uint64_t i = 0; i < updates; ++i) {
    if (i % window == 0)
      db.run("BEGIN");
    auto session = updated_session(i);
    statement.run(session_key(session), session_document(session, i + 1));
    if ((i + 1) % window == 0 || i + 1 == updates)
      db.run("COMMIT");
  }
}

void rows_window(const std::string& directory, uint64_t updates) {
  auto before = cost_so_far();
  update_rows(directory, updates);
  report(before);
}

void append_window(const std::string& directory, uint64_t updates) {
  auto before = cost_so_far();
  plain_file file{directory + "/sessions.journal", O_APPEND};
  std::string waiting;
  for (uint64_t i = 0; i < updates; ++i) {
    waiting += session_document(updated_session(i), i + 1);
    waiting += '\n';
    if ((i + 1) % window == 0 || i + 1 == updates) {
      file.write(waiting);
      waiting.clear();
    }
  }
  report(before);
}

} // namespace

int main(int argc, char** argv) {
  return run_case(argc, argv,
                  {{"prepare-file", prepare_file},
                   {"prepare-rows", prepare_rows},
                   {"file-each", file_each},
                   {"file-window", file_window},
                   {"rows-window", rows_window},
                   {"append-window", append_window}});
}
