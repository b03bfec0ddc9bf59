// The database's eye on its files: a query is run once the writer knows that they are
// those that are open.
#include "actors/database/database.hpp"

namespace sluice {

namespace {

bool is_same_file(const std::optional<sqlite::file_stamp>& a,
                  const std::optional<sqlite::file_stamp>& b) {
  return a && b ? a->is_file(*b) : !a && !b;
}

} // namespace

sqlite::open_files database_state::files_now() const {
  sqlite::open_files now{cfg_.path, sqlite::stamp_of(cfg_.path)};
  if (cfg_.wal) {
    now.wal = sqlite::stamp_of(cfg_.path + "-wal");
    now.index = sqlite::stamp_of(cfg_.path + "-shm");
  }
  return now;
}

bool database_state::are_same_files(const sqlite::open_files& now) const {
  return is_same_file(now.database, seen_.database) && is_same_file(now.wal, seen_.wal)
         && is_same_file(now.index, seen_.index);
}

/// Before a query. Files that are not the ones seen last are the writer's to judge, and
/// until then queries wait. With a WAL only checkpoints change the database's file; the
/// writer is asked about such a change too, but nobody waits for what it is doing.
void database_state::look_at_files() {
  if (cfg_.path.empty() || recovery_ != recovery::none)
    return;
  auto now = files_now();
  auto same = are_same_files(now);
  if (same && (!cfg_.wal || now.database == seen_.database))
    return;
  if (!same)
    readers_->hold(hold_reason::files);
  if (!asking_about_files_)
    ask_about(now);
}

/// What the writer says is of the files that are there as it is asked: others may have
/// taken their place since.
void database_state::ask_about(const sqlite::open_files& now) {
  asking_about_files_ = true;
  auto go_on = [this] {
    asking_about_files_ = false;
    readers_->release(hold_reason::files);
    continue_stop();
  };
  self_->request(writer_, caf::infinite, atom::check_v)
    .then(
      [this, now, go_on](bool ours) {
        if (!ours)
          return go_on();
        seen_ = now;
        auto since = files_now();
        if (are_same_files(since))
          return go_on();
        readers_->hold(hold_reason::files);
        ask_about(since);
      },
      [go_on](const caf::error&) { go_on(); });
}

void database_state::on_replaced(const std::string& what) {
  begin_recovery(what);
}

} // namespace sluice
