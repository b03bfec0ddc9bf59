// Where the spool lies: in RAM, in a place of its own for each data directory, which
// remembers it. A start that would look elsewhere can find what an earlier one left.
#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct spool_place {
  std::string dir;
  /// On tmpfs. If not, every append may cost a disk write: to be warned about.
  bool in_ram = false;
  /// Another user has what would have been the base, in words; empty: nobody has.
  std::string squatted = {};

  bool operator==(const spool_place&) const = default;
};

/// Makes a spool's directory, and those above it. False: `errno` tells why not.
bool make_spool_directory(const std::string& path);

/// Directories that may hold spools, best first: `$XDG_RUNTIME_DIR/sluice`,
/// `/run/sluice`, `/dev/shm/sluice-UID`.
std::vector<std::string> spool_bases();

/// Those of our bases that are there and ours alone, and what stands in for one that
/// another user has: BASE-NUMBER, which nobody can guess.
std::vector<std::string> own_spool_bases();

/// Returns the place for the spool of this data directory: `wanted`, or without it
/// BASE/ID, where ID is the first 8 digits of the identity and BASE the first that is
/// tmpfs and ours to write. Where another user has it, a BASE-NUMBER is taken that is
/// ours already, or made. `unavailable`: there is none, the text tells why.
caf::expected<spool_place> choose_spool_place(const std::string& wanted,
                                              const std::string& data_id,
                                              const std::vector<std::string>& bases);

/// The place that the data directory remembers, if any. `unavailable`: it cannot be read.
caf::expected<std::optional<std::string>>
recorded_spool_place(const std::string& data_dir);

/// Makes the data directory remember the place; synced. Nothing is written if it does
/// already.
caf::error record_spool_place(const std::string& data_dir, const std::string& dir);

/// Makes it forget the place.
caf::error forget_spool_place(const std::string& data_dir);

/// Returns the recorded place if it is not the chosen one, and a spool lies there still:
/// it is to be opened and brought to disk before the chosen one is recorded. What lies in
/// a base of ours that another user has is none of ours.
caf::expected<std::optional<std::string>> earlier_spool_place(const std::string& data_dir,
                                                              const std::string& chosen);

/// Whether memory may be written to a disk: swap is on, and not only in compressed RAM.
bool swap_is_on(const std::string& table = "/proc/swaps");

} // namespace sluice
