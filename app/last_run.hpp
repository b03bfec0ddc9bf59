// How the last run on a data directory ended, as the notes beside its lock tell: written
// when a run begins and when one has ended in order, and never in between.
#pragma once

#include "app/data_dir.hpp"

#include <caf/error.hpp>

#include <string>

namespace sluice {

struct last_run {
  /// False: there is no word of one.
  bool known = false;
  bool ended_in_order = false;
  /// The kernel's id of the boot in which it ran.
  std::string boot = {};
  /// Where its spool was; empty if it had none.
  std::string spool_dir = {};
};

last_run read_last_run(const data_dir& data);

/// Not synced: after a power cut it is another boot, and nobody asks.
caf::error note_run_begins(const data_dir& data, const std::string& spool_dir);
caf::error note_run_ended(const data_dir& data, const std::string& spool_dir);

/// Of a copy of somebody else's directory: that run was not this one's.
caf::error forget_last_run(const data_dir& data);

/// To be called before a spool is opened. If the last run ended without order in this
/// boot, and its spool is gone, that is an alert that stands from now on; the text is
/// returned. Empty: there is nothing to tell.
caf::expected<std::string> tell_lost_spool(const data_dir& data);

} // namespace sluice
