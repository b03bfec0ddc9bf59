// The LOG WRITER owns the log files and appends batches to them. Requests to it
// have no timeout: a retry would write twice.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"
#include "messages/file_position.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/status.hpp"

#include <caf/optional.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// Bytes built once and shared by whoever sends them and whoever may retry.
struct shared_bytes {
  std::shared_ptr<const std::string> data;

  bool operator==(const shared_bytes&) const = default;
};

/// What one flush writes with one call.
struct log_batch {
  std::string log;
  /// Whole lines.
  shared_bytes lines;
  /// Bytes at the front that an earlier, shorter write already brought in.
  uint64_t skip_bytes = 0;
  /// Numbers of the first and the last line.
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  /// Set if somebody began to write the batch there, and nobody knows how far it came:
  /// what the file holds of it is looked at first.
  caf::optional<file_position> begun = {};
  /// Set if lines come from the spool of an earlier process: the number of each record's
  /// last line. If starts died with one of them, each is written by itself.
  std::vector<uint64_t> replayed = {};

  bool operator==(const log_batch&) const = default;
};

/// What a write achieved. A full or failing disk is an outcome, not an error:
/// the sender must know how much is in the file.
struct log_outcome {
  /// Bytes of this batch that are in the file now, the skipped ones included.
  uint64_t written_bytes = 0;
  io_counts io = {};
  /// Where the file ends now.
  file_position end = {};
  /// Why the batch is not whole, or none.
  ec code = ec::none;
  std::string detail;

  bool operator==(const log_outcome&) const = default;
};

/// How much of the end of a log is wanted.
struct tail_bounds {
  uint64_t lines = 100;
  uint64_t bytes = 16'777'216;
  /// The lines' bytes are held in it before they are read.
  credit room = {};

  bool operator==(const tail_bounds&) const = default;
};

/// The end of a log.
struct log_tail {
  /// Whole lines.
  std::string lines;
  io_counts io = {};
  /// The next line would have been one too long: there are fewer than were wanted.
  bool cut = false;

  bool operator==(const log_tail&) const = default;
};

using log_writer_actor = caf::typed_actor<
  /// Appends the rest of the batch with one write.
  caf::replies_to<atom::write, log_batch>::with<log_outcome>,
  /// Answers once all that was written to the log before is on disk.
  caf::replies_to<atom::sync, std::string>::with<io_counts>,
  /// Reads the last lines of a log's file.
  caf::replies_to<atom::tail, std::string, tail_bounds>::with<log_tail>,
  /// The same of a log that nobody writes to: its file is not kept open.
  caf::replies_to<atom::load, std::string, tail_bounds>::with<log_tail>,
  /// Tells whether a log has a file.
  caf::replies_to<atom::find, std::string>::with<bool>,
  /// Closes a log's file and forgets the log; `refused` if something of it is not on disk
  /// yet.
  caf::replies_to<atom::close, std::string>::with<bool>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shared_bytes& x) {
  auto size = x.data ? x.data->size() : size_t{0};
  return f(caf::meta::type_name("shared_bytes"), size);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_batch& x) {
  return f(caf::meta::type_name("log_batch"), x.log, x.lines, x.skip_bytes, x.first_seq,
           x.last_seq, x.begun, x.replayed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_outcome& x) {
  return f(caf::meta::type_name("log_outcome"), x.written_bytes, x.io, x.end, x.code,
           x.detail);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tail_bounds& x) {
  return f(caf::meta::type_name("tail_bounds"), x.lines, x.bytes, x.room);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_tail& x) {
  return f(caf::meta::type_name("log_tail"), x.lines, x.io, x.cut);
}

} // namespace sluice
