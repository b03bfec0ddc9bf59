// The spool that a service works with: opened in its place before anything else, so that
// one that cannot be read stops the start.
#pragma once

#include "actors/storage/spool.hpp"
#include "app/config/settings.hpp"
#include "app/data_dir.hpp"

#include <caf/expected.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct spool_use {
  /// Null: there is none.
  std::shared_ptr<sluice::spool> spool;
  std::string dir = {};
  /// What is wrong with its place or beside it, in words.
  std::vector<std::string> reservations = {};
  /// Why it is not where it would be looked for; empty: it is.
  std::string elsewhere = {};
};

/// A copied data directory has the identity of its original, and would take that one's
/// spool for its own. If the spool belongs to another directory that is there still, this
/// one gets an identity of its own and forgets that spool; the original's path is
/// returned. Empty: it is nobody's copy. `unavailable`: it cannot be told.
caf::expected<std::string> part_from_original(const spool_settings& from, data_dir& data);

/// Opens the spool of a data directory and makes the directory remember the place.
/// `unavailable`: there is no place, or what lies there is not empty and cannot be used.
caf::expected<spool_use> open_spool(const spool_settings& from, const data_dir& data);

/// Opens what an earlier start left in another place, or where no spool is wanted any
/// more: it must be brought to disk first. Null spool: there is nothing.
caf::expected<spool_use> open_earlier_spool(const spool_settings& from,
                                            const data_dir& data);

/// Whether the spool holds anything that is not on disk.
bool holds_anything(const sluice::spool& x);

} // namespace sluice
