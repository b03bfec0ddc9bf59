#include "actors/log/log_writer.hpp"

#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {

namespace {

constexpr mode_t directory_mode = 0750;

std::string file_name(const std::string& log) {
  return log + ".log";
}

} // namespace

caf::error log_writer_state::make_directory() const {
  if (::mkdir(config_.directory.c_str(), directory_mode) != 0)
    return errno == EEXIST ? caf::error{}
                           : system_failure("make directory", config_.directory, errno);
  unique_fd parent{
    ::open((config_.directory + "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!parent || ::fsync(parent.get()) != 0)
    return system_failure("sync parent of", config_.directory, errno);
  return caf::none;
}

caf::expected<append_file*> log_writer_state::open(const std::string& log) {
  auto& entry = logs_[log];
  if (entry.file && entry.file->still_named())
    return entry.file.get();
  if (::access(config_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", config_.identity_file,
                          errno);
  let_go(entry);
  if (auto err = make_directory())
    return err;
  auto file = append_file::open(config_.directory, file_name(log));
  if (!file)
    return std::move(file.error());
  entry.file = std::move(*file);
  return entry.file.get();
}

void log_writer_state::let_go(log_file& from) {
  if (!from.file)
    return;
  // The old file's bytes are ours to bring home, wherever its name went; the request
  // keeps it open until then.
  if (from.file->has_unsynced()) {
    if (!from.syncer)
      from.syncer = config_.make_syncer();
    self_->request(from.syncer, caf::infinite, atom::sync_v, file_handle{from.file})
      .then([this](const io_counts& io) { io_ += io; },
            [this](const caf::error& err) { note_failure(err); });
  }
  from.file.reset();
  from.suspect = false;
}

log_outcome log_writer_state::write(const log_batch& batch) {
  log_outcome outcome;
  outcome.written_bytes = batch.skip_bytes;
  auto file = open(batch.log);
  auto problem = file ? caf::error{} : std::move(file.error());
  if (!problem) {
    auto lines = std::string_view{*batch.lines.data}.substr(batch.skip_bytes);
    auto done = (*file)->append(lines);
    outcome.written_bytes += done.bytes;
    outcome.io = done.io;
    problem = std::move(done.problem);
  }
  if (problem) {
    note_failure(problem);
    outcome.code = code_of(problem);
    outcome.detail = text_of(problem);
  }
  io_ += outcome.io;
  return outcome;
}

caf::result<io_counts> log_writer_state::sync(const std::string& log) {
  auto& entry = logs_[log];
  if (!entry.file)
    return io_counts{};
  io_counts io;
  if (entry.suspect) {
    if (auto err = entry.file->rewrite_unsynced(io)) {
      note_failure(err);
      return err;
    }
    io_ += io;
    entry.suspect = false;
  }
  if (!entry.syncer)
    entry.syncer = config_.make_syncer();
  auto waiting = self_->make_response_promise<io_counts>();
  self_->request(entry.syncer, caf::infinite, atom::sync_v, file_handle{entry.file})
    .then(
      [this, log, file = entry.file, end = entry.file->end(), waiting,
       io](io_counts done) mutable {
        io += done;
        synced(log, file, end, waiting, io);
      },
      [this, log, file = entry.file, waiting](caf::error& err) mutable {
        sync_failed(log, file, waiting, std::move(err));
      });
  return waiting;
}

void log_writer_state::synced(const std::string& log,
                              const std::shared_ptr<append_file>& file, uint64_t end,
                              promise& waiting, io_counts io) {
  if (auto& entry = logs_[log]; entry.file == file && entry.suspect) {
    // It came after a failure, and so says nothing about what the failure lost.
    waiting.deliver(caf::make_error(ec::disk_failed, last_error_));
    return;
  }
  file->mark_synced(end);
  io_ += io;
  waiting.deliver(io);
}

void log_writer_state::sync_failed(const std::string& log,
                                   const std::shared_ptr<append_file>& file,
                                   promise& waiting, caf::error reason) {
  note_failure(reason);
  if (auto& entry = logs_[log]; entry.file == file)
    entry.suspect = true;
  waiting.deliver(std::move(reason));
}

caf::result<log_tail> log_writer_state::tail(const std::string& log, uint64_t lines) {
  if (!find(log))
    return log_tail{};
  auto file = open(log);
  if (!file)
    return std::move(file.error());
  log_tail result;
  auto text = (*file)->tail(lines, config_.tail_bytes_max, result.io);
  io_ += result.io;
  if (!text)
    return std::move(text.error());
  result.lines = std::move(*text);
  return result;
}

bool log_writer_state::find(const std::string& log) const {
  struct stat info {};
  auto path = config_.directory + "/" + file_name(log);
  return ::lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

void log_writer_state::note_failure(const caf::error& reason) {
  ++failures_;
  last_error_ = text_of(reason);
}

status_report log_writer_state::status() const {
  status_report report;
  report.name = name;
  auto open_files = int64_t{0};
  auto suspect_files = int64_t{0};
  for (const auto& [log, entry] : logs_) {
    open_files += entry.file != nullptr;
    suspect_files += entry.suspect;
  }
  report.state = {{"openFiles", open_files},
                  {"suspectFiles", suspect_files},
                  {"writes", static_cast<int64_t>(io_.writes)},
                  {"bytesWritten", static_cast<int64_t>(io_.write_bytes)},
                  {"syncs", static_cast<int64_t>(io_.syncs)},
                  {"failures", static_cast<int64_t>(failures_)},
                  {"lastError", last_error_}};
  return report;
}

stop_report log_writer_state::stop() {
  // Upstream has drained, so nobody waits behind these syncs.
  stop_report report;
  report.name = name;
  for (auto& [log, entry] : logs_) {
    if (entry.syncer)
      self_->request(entry.syncer, caf::infinite, atom::stop_v)
        .then([](const stop_report&) {}, [](const caf::error&) {});
    if (!entry.file || !entry.file->has_unsynced())
      continue;
    io_counts io;
    auto err = entry.suspect ? entry.file->rewrite_unsynced(io) : caf::error{};
    if (!err)
      err = entry.file->sync();
    if (err) {
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
    [state](atom::tail, const std::string& log, uint64_t lines) {
      return state->tail(log, lines);
    },
    [state](atom::find, const std::string& log) { return state->find(log); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
