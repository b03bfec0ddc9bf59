// The LEDGER: what was asked to be written, by subsystem and by log or store, and what it
// took. Actors book for themselves, and hand over what they booked with their counts.
#pragma once

#include "messages/status.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct ledger_counts {
  /// Lines of logs, updates of sessions, requests that wrote to the database (a queued
  /// one once it is applied); and the bytes of what they brought.
  uint64_t requests = 0;
  uint64_t bytes_requested = 0;
  /// Calls that wrote to files of the data directory, their bytes, and syncs.
  uint64_t writes = 0;
  uint64_t bytes_written = 0;
  uint64_t syncs = 0;

  ledger_counts& operator+=(const ledger_counts& x);
  bool operator==(const ledger_counts&) const = default;
};

/// One account: `log` and a log's name, `session` and a store's, or `database`.
struct ledger_entry {
  std::string subsystem;
  std::string name;
  ledger_counts counts;
  /// How many accounts of the subsystem are older than this one. Whoever tells of the
  /// first so many alone tells of the same ones ever after.
  uint64_t place = 0;

  bool operator==(const ledger_entry&) const = default;
};

/// What the kernel counts for the whole process (`/proc/self/io`), since start.
struct process_io {
  uint64_t read_calls = 0;
  uint64_t write_calls = 0;
  /// Bytes through read and write calls, sockets included.
  uint64_t read_chars = 0;
  uint64_t write_chars = 0;
  /// Bytes that the process caused to be fetched from and sent to devices.
  uint64_t device_read_bytes = 0;
  uint64_t device_write_bytes = 0;

  bool operator==(const process_io&) const = default;
};

/// What the kernel counts for the device of the data directory, whoever uses it, since
/// the service was started (`/sys/dev/block/MAJOR:MINOR/stat`).
struct device_io {
  /// As the kernel calls it (`mmcblk0p2`); empty where there is none, as in RAM.
  std::string name;
  uint64_t writes = 0;
  uint64_t bytes_written = 0;

  bool operator==(const device_io&) const = default;
};

/// The account of all that have none of their own: clients choose names, and only so many
/// are kept.
constexpr const char* other_accounts = "(others)";

struct ledger_report {
  /// Since the service was started.
  int64_t duration_ms = 0;
  /// By subsystem, then by name.
  std::vector<ledger_entry> entries;
  process_io process;
  device_io device;
  /// Terabytes (of 10^12 bytes) that the device is said to endure; 0: not known.
  uint64_t endurance_tbw = 0;

  bool operator==(const ledger_report&) const = default;
};

// -- implementation -------------------------------------------------------------

inline ledger_counts& ledger_counts::operator+=(const ledger_counts& x) {
  requests += x.requests;
  bytes_requested += x.bytes_requested;
  writes += x.writes;
  bytes_written += x.bytes_written;
  syncs += x.syncs;
  return *this;
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ledger_counts& x) {
  return f(caf::meta::type_name("ledger_counts"), x.requests, x.bytes_requested, x.writes,
           x.bytes_written, x.syncs);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ledger_entry& x) {
  return f(caf::meta::type_name("ledger_entry"), x.subsystem, x.name, x.counts, x.place);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, process_io& x) {
  return f(caf::meta::type_name("process_io"), x.read_calls, x.write_calls, x.read_chars,
           x.write_chars, x.device_read_bytes, x.device_write_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, device_io& x) {
  return f(caf::meta::type_name("device_io"), x.name, x.writes, x.bytes_written);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ledger_report& x) {
  return f(caf::meta::type_name("ledger_report"), x.duration_ms, x.entries, x.process,
           x.device, x.endurance_tbw);
}

} // namespace sluice
