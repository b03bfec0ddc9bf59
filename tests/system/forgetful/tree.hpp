// The files and directories, all in memory, each with what the disk has of it. Whoever
// calls holds the one lock; what cannot be done is thrown as a `failure`.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/system/forgetful/contents.hpp"

namespace forgetful {

using number = std::uint64_t;

struct failure {
  int code;
};

// Names that appear, or go (0), as one.
struct name_change {
  std::uint64_t id;
  std::vector<std::pair<std::string, number>> names;
};

struct inode {
  struct stat status = {};
  contents bytes;
  // The name that it got last; commands that mean a file mean this.
  std::string name;
  std::map<std::string, number> names;
  std::map<std::string, number> stable_names;
  std::vector<name_change> unsynced_names;

  bool is_directory() const { return S_ISDIR(status.st_mode); }
};

class tree {
public:
  static constexpr number root = 1;

  explicit tree(mode how);

  // The inode of that number, or ENOENT.
  inode& at(number which);

  inode& child(number parent, std::string_view name);

  inode& make(number parent, const char* name, mode_t type, dev_t device);

  void link(number which, number parent, const char* name);

  void unlink(number parent, const char* name);

  void remove_directory(number parent, const char* name);

  void rename(number from, const char* name, number to, const char* new_name,
              unsigned flags);

  // How many bytes could be taken; ENOSPC if none.
  std::size_t write(inode& file, std::size_t offset, std::string_view bytes);

  void resize(inode& file, std::size_t size);

  std::uint64_t last_id() const { return last_id_; }

  // A sync of a file or directory that began at `up_to` has come back well.
  void sync(inode& which, std::uint64_t up_to);

  // From now on so many bytes may be added; none: no end to them.
  void leave_room(std::optional<std::size_t> bytes) { room_ = bytes; }

  // The power goes and comes back: all is as the disk has it.
  void lose(cut& what);

private:
  void change_names(number directory, std::vector<std::pair<std::string, number>> names,
                    std::uint64_t id);

  std::uint64_t pick_last_metadata(cut& what) const;

  void lose_names(inode& directory, cut& what);

  void forget_unreachable();

  mode how_;
  std::map<number, inode> inodes_;
  number last_number_ = root;
  std::uint64_t last_id_ = 0;
  // All names and truncations up to this one are on the disk (ext4).
  std::uint64_t committed_id_ = 0;
  std::optional<std::size_t> room_;
};

} // namespace forgetful
