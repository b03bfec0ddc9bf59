// The writer's answer to files that were replaced under it. Before a commit, and before
// its answer, it knows that the paths still name what it has open. If they do not,
// nothing is committed or answered until the DATABASE has closed all readers and asks to
// recover: then what is open is saved, and the writer goes on in what is there.
#include "actors/database/sqlite_writer.hpp"

#include "actors/detail/wall_clock.hpp"

#include <filesystem>
#include <utility>

namespace sluice {

namespace {

constexpr auto alert_id = "database-file-replaced";

/// An alert that asks nothing of anybody ends by itself.
constexpr int64_t harmless_alert_ms = 3'600'000;

std::string directory_of(const std::string& path) {
  auto parent = std::filesystem::path{path}.parent_path().string();
  return parent.empty() ? "." : parent;
}

} // namespace

// -- noticing -------------------------------------------------------------------

void sqlite_writer_state::watch_files() {
  const auto& path = cfg_.database.path;
  watch_.emplace(files_, path, cfg_.database.wal);
  if (directory_)
    return;
  directory_ = sqlite::stamp_of(directory_of(path));
  remind(); // of what an earlier process saved
}

/// Ends the alert, unless something that was saved is still there to be dealt with.
void sqlite_writer_state::remind() {
  replaced_alert_.reset();
  const auto& path = cfg_.database.path;
  auto file = sqlite::find_saved(path);
  if (!file)
    return;
  rescued_ = sqlite::rescue{false, {}, *file};
  replaced_alert_ = alert{alert_id,
                          path + " was replaced; what was in it until then is in " + *file
                            + ": move that away once it is dealt with",
                          detail::wall_clock_ms()};
}

/// Whether the paths name what is open. If not, the DATABASE is told, once.
bool sqlite_writer_state::has_its_files() {
  if (replaced_)
    return false;
  if (!db_.is_open() || !watch_)
    return true;
  replaced_ = watch_->look();
  if (!replaced_)
    return true;
  ++replacements_;
  rescued_ = {};
  replaced_alert_ = alert{alert_id, replaced_->text, detail::wall_clock_ms()};
  for (auto& listener : files_listeners_)
    self_->send(listener, atom::replace_v, replaced_->text);
  return false;
}

caf::error sqlite_writer_state::files_error() const {
  return caf::make_error(ec::unavailable,
                         replaced_alert_->text + "; the database is being reopened");
}

void sqlite_writer_state::attach(files_listener_actor listener) {
  files_listeners_.push_back(std::move(listener));
}

// -- holding --------------------------------------------------------------------

/// Keeps writes until it is known where to. Sluice's own are refused instead: their
/// senders look first at what the database has left of theirs.
void sqlite_writer_state::hold(std::vector<write_request> group) {
  for (auto& x : group)
    if (reopening_failed_ || x.write.origin == sql_origin::sluice)
      x.promise.deliver(files_error());
    else
      held_.push_back(std::move(x));
}

/// Answers what was committed just before, and runs what was held.
void sqlite_writer_state::let_go(bool is_sound) {
  for (auto& x : std::exchange(unsure_, {})) {
    if (x.outcome && !rescued_->in_place)
      x.outcome = caf::make_error(ec::unavailable,
                                  replaced_alert_->text
                                    + ": it is not in the database that is there now");
    answer(x);
  }
  auto group = std::exchange(held_, {});
  reopening_failed_ = !is_sound;
  if (is_sound)
    commit(std::move(group));
  else
    hold(std::move(group));
  let_batch_go();
}

// -- going on -------------------------------------------------------------------

/// Saves what the open files hold and closes them; later tries find them closed. What is
/// not lost is left alone: files that came back meanwhile, or are in a directory that is
/// away.
void sqlite_writer_state::save_replaced() {
  if (!db_.is_open())
    return;
  auto there = sqlite::stamp_of(directory_of(cfg_.database.path));
  auto same_directory = there && directory_ && there->is_file(*directory_);
  if (auto now = watch_->look(); now && same_directory) {
    rescued_ = sqlite::save_and_close(db_, files_, *now);
    replaced_ = std::move(now);
  } else {
    left_alone_ = files_.opened().database;
    db_.close();
    rescued_ = sqlite::rescue{false, "the directory is not the one that was there"};
  }
  replaced_alert_->text = replaced_->text + "; " + rescued_->text;
}

/// Opens what is there now. A database that is gone is begun anew, but not in another
/// directory than the one that it was in: that one is to come back.
caf::error sqlite_writer_state::reopen() {
  sqlite::wait_until_settled(cfg_.database.path);
  if (!sqlite::stamp_of(cfg_.database.path)) {
    auto there = sqlite::stamp_of(directory_of(cfg_.database.path));
    if (!there || !directory_ || !there->is_file(*directory_))
      return caf::make_error(ec::unavailable, directory_of(cfg_.database.path)
                                                + " is gone, or another directory; no "
                                                  "database is begun there");
  }
  return prove();
}

maintenance_report sqlite_writer_state::recover_replaced() {
  save_replaced();
  auto what = std::exchange(replaced_, {});
  queue_.seq = 0; // until it is read again
  auto err = reopen();
  report_counts();
  if (err) {
    db_.close();
    replaced_ = std::move(what);
    let_go(false);
    return {false, {replaced_alert_->text + "; " + text_of(err)}};
  }
  const auto back = is_back();
  if (back)
    rescued_->in_place = true;
  stats_.suspect = false;
  io_error_.reset();
  tell_recovered();
  tell_sessions();
  let_go(true);
  if (back && !replaced_)
    remind();
  return {};
}

/// Whether the files that were left alone are those that are open again.
bool sqlite_writer_state::is_back() {
  auto was = std::exchange(left_alone_, {});
  const auto& now = files_.opened().database;
  return was && now && now->is_file(*was);
}

// -- what it tells --------------------------------------------------------------

/// The alert lasts as long as there is something to do: until what was saved is moved
/// away. One about a loss lasts until the service is started anew.
void sqlite_writer_state::tell_files(status_report& report) {
  auto ours = has_its_files();
  report.checks.push_back({"database-files", ours, ours ? "" : replaced_alert_->text});
  report.troubles.push_back({alert_id, replacements_});
  if (ours && replaced_alert_ && rescued_) {
    auto age = detail::wall_clock_ms() - replaced_alert_->since_ms;
    auto dealt_with = !rescued_->file.empty() && !sqlite::stamp_of(rescued_->file);
    if (dealt_with || (rescued_->in_place && age > harmless_alert_ms))
      remind();
  }
  if (replaced_alert_)
    report.alerts.push_back(*replaced_alert_);
}

} // namespace sluice
