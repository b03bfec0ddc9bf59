#include "actors/log/log_writer.hpp"

#include "actors/storage/folder.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {

std::string log_file_name(const std::string& log) {
  return log + ".log";
}

// -- files ------------------------------------------------------------------------

std::string log_writer_state::path_of(const std::string& log) const {
  return config_.directory + "/" + log_file_name(log);
}

log_writer_state::log_file& log_writer_state::entry(const std::string& log) {
  auto& x = logs_[log];
  if (!std::exchange(x.looked_up, true) && config_.spool) {
    x.lane = config_.spool->lane(lane_kind::log, log);
    x.written = config_.spool->state(x.lane).written;
  }
  return x;
}

caf::error log_writer_state::make_directory() {
  if (::mkdir(config_.directory.c_str(), config_.rights.directory()) == 0)
    directory_synced_ = false; // somebody may have removed the one that was
  else if (errno != EEXIST)
    return system_failure("make directory", config_.directory, errno);
  if (directory_synced_)
    return caf::none;
  if (auto err = sync_names(config_.directory + "/.."))
    return err;
  directory_synced_ = true;
  return caf::none;
}

/// Sees to it that the entry's file is the one that the log's path names.
caf::error log_writer_state::open(const std::string& log, log_file& to) {
  if (to.file) {
    open_.use(&to);
    auto named = to.file->still_named();
    if (!named || *named)
      return named ? caf::error{} : std::move(named.error());
  }
  if (::access(config_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", config_.identity_file,
                          errno);
  if (to.renamed.size() >= renamed_files_max)
    return caf::make_error(ec::disk_failed, "log " + log
                                              + " was renamed again and again, and its "
                                                "files are not synced yet");
  if (to.file && to.cut_open)
    if (auto err = mend(log, to, io_))
      return err;
  if (to.file)
    ++files_replaced_;
  let_go(log, to);
  if (auto err = make_place())
    return err;
  if (auto err = make_directory())
    return err;
  auto file = append_file::open(config_.directory, log_file_name(log), config_.rights);
  if (!file)
    return std::move(file.error());
  to.file = std::move(*file);
  to.resting = false;
  open_.use(&to);
  to.before_file = to.written;
  if (to.taken_over)
    return caf::none;
  auto err = take_over(log, to);
  if (err) {
    to.taken_over = false;
    shut(to);
  }
  return err;
}

/// What an earlier run wrote and did not sync, is ours to sync, or to mend.
caf::error log_writer_state::take_over(const std::string& log, log_file& x) {
  x.taken_over = true;
  x.before_file = 0;
  if (x.lane == 0)
    return caf::none;
  const auto state = config_.spool->state(x.lane);
  if (state.doubt)
    return settle(log, x, *state.doubt);
  // The batch that was begun tells where what precedes it ends.
  return state.note ? caf::error{} : claim_all(x, caf::none);
}

caf::error log_writer_state::claim_all(log_file& x,
                                       const caf::optional<file_position>& begun) {
  claim(x, begun);
  if (x.lane == 0 || x.file->has_unsynced())
    return caf::none;
  // What is not where the file says has got another name, or others wrote behind it.
  const auto released = config_.spool->state(x.lane).released;
  auto err = released < x.written ? x.file->sync_file_system() : caf::error{};
  if (!err)
    return caf::none;
  // Nobody hears of it again: they are to be written once more, from here on.
  auto where = begun ? caf::expected<file_position>{*begun} : x.file->make_ready(io_);
  if (where)
    config_.spool->doubt(x.lane, {{*where, released + 1, x.written}, true});
  return err;
}

/// Counts what an earlier run wrote to the file as not synced, if it is there.
void log_writer_state::claim(log_file& x, const caf::optional<file_position>& begun) {
  if (x.lane == 0)
    return;
  const auto released = config_.spool->state(x.lane).released;
  auto lines = released < x.written ? kept_lines(x, released, x.written) : caf::none;
  if (!lines)
    return;
  const auto before = x.file->synced_end();
  x.file->claim_unsynced(*lines, begun ? begun->offset : x.file->end(), io_);
  if (x.file->synced_end() < before)
    x.before_file = released;
}

// -- reading ----------------------------------------------------------------------

caf::result<log_tail> log_writer_state::tail(const std::string& log,
                                             const tail_bounds& wanted) {
  auto there = exists(log);
  if (!there)
    return std::move(there.error());
  if (!*there)
    return log_tail{};
  auto& x = entry(log);
  if (x.resting)
    return load(log, wanted);
  if (auto err = open(log, x))
    return err;
  return read_tail(*x.file, wanted);
}

caf::result<log_tail> log_writer_state::load(const std::string& log,
                                             const tail_bounds& wanted) {
  auto file = append_file::find(config_.directory, log_file_name(log));
  if (!file)
    return std::move(file.error());
  return *file ? read_tail(**file, wanted) : log_tail{};
}

caf::result<log_tail> log_writer_state::read_tail(const append_file& file,
                                                  const tail_bounds& wanted) {
  log_tail result;
  auto there = file.tail(wanted.lines, wanted.bytes, wanted.room, result.io);
  io_ += result.io;
  if (!there)
    return std::move(there.error());
  result.lines = std::move(there->text);
  result.cut = there->cut;
  return result;
}

caf::expected<bool> log_writer_state::exists(const std::string& log) const {
  auto there = folder{config_.directory}.find(log_file_name(log));
  if (!there)
    return std::move(there.error());
  return there->has_value();
}

// -- closing ----------------------------------------------------------------------

/// Whether nothing of the log waits for the disk, nor for a mend.
bool log_writer_state::log_file::is_idle() const {
  return may_rest() && (!file || !file->has_unsynced());
}

bool log_writer_state::log_file::had_trouble() const {
  return foreign.ever() || aside.ever() || record_aside.ever();
}

caf::result<bool> log_writer_state::close(const std::string& log) {
  auto place = logs_.find(log);
  if (place == logs_.end())
    return true;
  auto& x = place->second;
  if (!x.is_idle())
    return caf::make_error(ec::refused, "log " + log + " is not on disk");
  shut(x);
  if (x.syncer)
    stop_syncer(x.syncer);
  // What a person is to look at is told for good.
  log_file told;
  told.foreign = std::move(x.foreign);
  told.aside = std::move(x.aside);
  told.record_aside = std::move(x.record_aside);
  if (told.had_trouble())
    x = std::move(told);
  else
    logs_.erase(place);
  return true;
}

void log_writer_state::stop_syncer(const file_syncer_actor& syncer) {
  self_->request(syncer, caf::infinite, atom::stop_v)
    .then([](const stop_report&) {}, [](const caf::error&) {});
}

// -- telling ----------------------------------------------------------------------

void log_writer_state::note_failure(const caf::error& reason) {
  ++failures_;
  last_error_ = text_of(reason);
}

status_report log_writer_state::status() const {
  status_report report;
  report.name = name;
  auto open_files = int64_t{0};
  auto suspect_files = int64_t{0};
  for (const auto& [log, x] : logs_) {
    open_files += x.file != nullptr;
    suspect_files += x.is_suspect();
    x.foreign.tell(report);
    x.aside.tell(report);
    x.record_aside.tell(report);
  }
  report.troubles.push_back({"log-records-set-aside", records_set_aside_});
  report.troubles.push_back({"log-file-replaced", files_replaced_});
  report.state = {{"openFiles", open_files},
                  {"suspectFiles", suspect_files},
                  {"filesRested", static_cast<int64_t>(files_rested_)},
                  {"writes", static_cast<int64_t>(io_.writes)},
                  {"bytesWritten", static_cast<int64_t>(io_.write_bytes)},
                  {"syncs", static_cast<int64_t>(io_.syncs)},
                  {"failures", static_cast<int64_t>(failures_)},
                  {"recordsSetAside", static_cast<int64_t>(records_set_aside_)},
                  {"lastError", last_error_}};
  return report;
}

// -- ending -----------------------------------------------------------------------

stop_report log_writer_state::stop() {
  // Upstream has drained, so nobody waits behind these syncs.
  stop_report report;
  report.name = name;
  for (auto& [log, x] : logs_) {
    if (x.syncer)
      stop_syncer(x.syncer);
    if (x.renamed.empty() && (!x.file || !x.file->has_unsynced()))
      continue;
    if (auto err = sync_now(log, x)) {
      note_failure(err);
      ++report.left;
      report.detail = last_error_;
    } else {
      ++report.drained;
    }
  }
  self_->quit();
  return report;
}

log_writer_actor::behavior_type
log_writer(log_writer_actor::stateful_pointer<log_writer_state> self,
           log_writer_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::write, const log_batch& batch) { return state->write(batch); },
    [state](atom::sync, const std::string& log) { return state->sync(log); },
    [state](atom::tail, const std::string& log, const tail_bounds& wanted) {
      return state->tail(log, wanted);
    },
    [state](atom::load, const std::string& log, const tail_bounds& wanted) {
      return state->load(log, wanted);
    },
    [state](atom::find, const std::string& log) -> caf::result<bool> {
      auto there = state->exists(log);
      if (!there)
        return std::move(there.error());
      return *there;
    },
    [state](atom::close, const std::string& log) { return state->close(log); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
