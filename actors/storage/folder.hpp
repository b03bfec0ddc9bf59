// What is done to the names in a directory: looked up, made durable, set aside. A file
// that somebody may still want is only ever renamed, to a name that was free.
#pragma once

#include "actors/storage/file_rights.hpp"
#include "actors/storage/file_state.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class folder {
public:
  explicit folder(std::string path, file_rights rights = {})
      : path_(std::move(path)), rights_(rights) {}

  /// Makes the directory, and its name durable, unless it is there.
  caf::error make() const;

  /// Names of what is in it, sorted; none if it is not there.
  caf::expected<std::vector<std::string>> names() const;

  /// What the name means, links not followed; none if it means nothing. An error says
  /// that nobody knows.
  caf::expected<std::optional<file_identity>> find(const std::string& name) const;

  caf::error sync() const;
  caf::error rename(const std::string& from, const std::string& to) const;

  /// Removes a file of our own that nobody needs; one that is not there is no error.
  caf::error remove(const std::string& name) const;

  /// Renames to the first free of `{name}.{label}-1`, `-2`, ...; returns the new name.
  caf::expected<std::string> set_aside(const std::string& name,
                                       std::string_view label) const;

  /// Writes a file whole or not at all: beside, synced, and renamed.
  caf::error replace(const std::string& name, std::string_view bytes) const;

  /// The same, unless the name is taken: what is there stays as it is.
  caf::error write_once(const std::string& name, std::string_view bytes) const;

  std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  file_rights rights() const { return rights_; }

private:
  std::string path_;
  file_rights rights_;
};

/// An error if this data directory has no identity: it is not mounted, and nothing is to
/// be made in its place.
caf::error check_mounted(const folder& data_dir);

} // namespace sluice
