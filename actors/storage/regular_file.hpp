// A name in a directory that others may write can mean a FIFO, on which a reader waits
// for ever, or a device, which does something when it is opened. What is to be a REGULAR
// FILE is opened here: looked at before and after, without waiting, and refused by what
// it is.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <sys/stat.h>

#include <optional>
#include <string>

namespace sluice {

/// Opens a regular file as `open` would; `rights` are those of one that O_CREAT makes. An
/// empty descriptor: nothing is there.
caf::expected<unique_fd> open_regular(const std::string& path, int flags,
                                      mode_t rights = 0);

/// The same, for a name in an open directory.
caf::expected<unique_fd> open_regular_in(int directory, const std::string& name,
                                         int flags, mode_t rights = 0);

/// An error if something else is there, or where a link leads, for whoever opens files
/// himself.
caf::error check_regular(const std::string& path);

/// An error if everybody may read or change the file, which says how to mend that. Whom
/// its owner lets in by a group is his choice.
caf::error check_private(const std::string& path);

struct reading_rules {
  size_t bytes_max = 8192;
  /// Into another place that the owner of the name has chosen.
  bool follows_links = false;
};

/// The whole file, or nothing if none is there.
caf::expected<std::optional<std::string>> read_regular(const std::string& path,
                                                       reading_rules rules = {});

} // namespace sluice
