// Lines, session updates and single-row inserts in one program and in real time, written
// by a policy and without Sluice: as a naive program does, and with the buffers and
// windows of the system that Sluice implements.
#include "bench/measure.hpp"
#include "bench/paced.hpp"
#include "bench/sqlite_peer.hpp"
#include "bench/whole_file.hpp"
#include "bench/workload.hpp"

#include <exception>
#include <map>
#include <optional>

namespace {

using namespace sluice::bench;

struct policy {
  uint64_t lines_per_write;
  /// Lines are written so long after the first that waits.
  std::chrono::seconds line_age_max;
  uint64_t updates_per_save;
  /// The rollback journal and its syncs, as SQLite comes; else WAL and NORMAL.
  bool database_as_it_comes;
};

const std::map<std::string, policy> policies = {
  {"naive", {1, {}, 1, false}},
  {"original", {100, std::chrono::seconds{5}, 10, false}},
  {"as-it-comes", {1, {}, 1, true}},
};

/// What is to be done, each a second.
struct rates {
  double lines, updates, rows;
};

class log_file {
public:
  log_file(const std::string& directory, const policy& how)
      : how_(how), file_(directory + "/peer.log", O_APPEND) {}

  void append() {
    auto now = std::chrono::steady_clock::now();
    if (count_ == 0)
      oldest_ = now;
    waiting_ += log_line();
    if (++count_ >= how_.lines_per_write || now - oldest_ >= how_.line_age_max)
      write();
  }

  void write() {
    if (count_ > 0)
      file_.write(waiting_);
    waiting_.clear();
    count_ = 0;
  }

private:
  const policy& how_;
  plain_file file_;
  std::string waiting_;
  uint64_t count_ = 0;
  std::chrono::steady_clock::time_point oldest_;
};

class session_file {
public:
  session_file(std::string directory, const policy& how)
      : directory_(std::move(directory)), how_(how), documents_(first_documents()) {}

  void update(uint64_t number) {
    auto session = updated_session(number);
    documents_[session] = session_document(session, number + 1);
    if (++unsaved_ >= how_.updates_per_save)
      save();
  }

  void save() {
    if (unsaved_ > 0)
      save_whole(directory_, documents_);
    unsaved_ = 0;
  }

private:
  std::string directory_;
  const policy& how_;
  std::vector<std::string> documents_;
  uint64_t unsaved_ = 0;
};

class rows {
public:
  rows(const std::string& directory, const policy& how)
      : db_(directory + "/peer.db", how.database_as_it_comes), insert_(db_, insert_row) {}

  void insert(uint64_t number) { insert_.run(row_body(number)); }

private:
  sqlite_peer db_;
  sqlite_peer::statement insert_;
};

void prepare(const std::string& directory, const policy& how) {
  save_whole(directory, first_documents());
  sqlite_peer{directory + "/peer.db", how.database_as_it_comes}.run(create_rows);
}

/// Whatever has no rate is not even opened.
void work(const std::string& directory, const policy& how, double seconds,
          const rates& todo) {
  auto before = cost_so_far();
  {
    std::optional<log_file> log;
    std::optional<session_file> sessions;
    std::optional<rows> table;
    if (todo.lines > 0)
      log.emplace(directory, how);
    if (todo.updates > 0)
      sessions.emplace(directory, how);
    if (todo.rows > 0)
      table.emplace(directory, how);
    run_paced({{todo.lines, [&](uint64_t) { log->append(); }},
               {todo.updates, [&](uint64_t n) { sessions->update(n); }},
               {todo.rows, [&](uint64_t n) { table->insert(n); }}},
              seconds);
    if (log)
      log->write();
    if (sessions)
      sessions->save();
  }
  report(before);
}

int usage(const char* program) {
  std::fprintf(stderr,
               "usage: %s POLICY DIRECTORY prepare\n"
               "       %s POLICY DIRECTORY SECONDS LINES UPDATES ROWS (each a second)\n"
               "POLICY is one of:",
               program, program);
  for (const auto& [name, unused] : policies)
    std::fprintf(stderr, " %s", name.c_str());
  std::fputs("\n", stderr);
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  auto found = argc == 4 || argc == 7 ? policies.find(argv[1]) : policies.end();
  if (found == policies.end())
    return usage(argv[0]);
  try {
    if (argc == 4)
      prepare(argv[2], found->second);
    else
      work(argv[2], found->second, std::stod(argv[3]),
           {std::stod(argv[4]), std::stod(argv[5]), std::stod(argv[6])});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s %s: %s\n", argv[0], argv[1], problem.what());
    return 1;
  }
}
