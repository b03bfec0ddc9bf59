// The LOG WRITER owns every log's file: log buffers send it batches, and nobody else
// touches the files. Each batch is one write at the end of one file.
//
// A file that somebody renamed or deleted is finished, synced and closed, and the next
// batch opens the path anew. Runs detached, since writes block; it never waits for a
// sync, which a file syncer of each log's own does.
#pragma once

#include "actors/storage/append_file.hpp"
#include "messages/file_syncer.hpp"
#include "messages/log_writer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice {

struct log_writer_config {
  /// Holds `{name}.log`; made with its parents' syncs if absent.
  std::string directory;
  /// A file that must exist whenever a log file is created: without it the data
  /// directory is not mounted, and nothing may be made in its place.
  std::string identity_file;
  /// Largest answer to a request for last lines.
  size_t tail_bytes_max = 16'777'216;
  /// Starts a file syncer.
  std::function<file_syncer_actor()> make_syncer;
};

class log_writer_state {
public:
  static inline const char* name = "log-writer";

  explicit log_writer_state(log_writer_actor::pointer self) : self_(self) {}

  void init(log_writer_config config) { config_ = std::move(config); }

  log_outcome write(const log_batch& batch);
  caf::result<io_counts> sync(const std::string& log);
  caf::result<log_tail> tail(const std::string& log, uint64_t lines);
  bool find(const std::string& log) const;
  status_report status() const;
  stop_report stop();

private:
  struct log_file {
    std::shared_ptr<append_file> file;
    file_syncer_actor syncer;
    /// Set by a failed sync: what was written since the last good one must be
    /// written again before any sync may count.
    bool suspect = false;
  };

  using promise = caf::typed_response_promise<io_counts>;

  caf::expected<append_file*> open(const std::string& log);
  caf::error make_directory() const;
  void let_go(log_file& from);
  void synced(const std::string& log, const std::shared_ptr<append_file>& file,
              uint64_t end, promise& waiting, io_counts io);
  void sync_failed(const std::string& log, const std::shared_ptr<append_file>& file,
                   promise& waiting, caf::error reason);
  void note_failure(const caf::error& reason);

  log_writer_actor::pointer self_;
  log_writer_config config_;
  std::map<std::string, log_file> logs_;
  io_counts io_;
  uint64_t failures_ = 0;
  std::string last_error_;
};

log_writer_actor::behavior_type
log_writer(log_writer_actor::stateful_pointer<log_writer_state> self,
           log_writer_config config);

} // namespace sluice
