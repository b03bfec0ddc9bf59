// A file that only grows, and what is known about it: where it ends, what of it has
// been synced, and whether its path still names it. One thread appends; another may run
// a sync at the same time, by a SYNC TOKEN alone. No other member may be called from two
// threads.
#pragma once

#include "actors/storage/file_rights.hpp"
#include "actors/storage/open_folder.hpp"
#include "actors/storage/sync_gate.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/credit.hpp"
#include "messages/file_position.hpp"
#include "messages/metrics_aggregator.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

class append_file {
public:
  /// Opens `directory/name`, creating it. A symbolic link is refused: the name is
  /// a client's, the place must be ours.
  static caf::expected<std::shared_ptr<append_file>>
  open(const std::string& directory, const std::string& name, file_rights rights = {});

  /// Opens the file of this device and inode, whatever its name in the directory is now;
  /// null if it is not there any more.
  static caf::expected<std::shared_ptr<append_file>> find(const std::string& directory,
                                                          const file_position& where);

  /// Opens the file only if it is there; null if it is not.
  static caf::expected<std::shared_ptr<append_file>> find(const std::string& directory,
                                                          const std::string& name);

  const std::string& path() const { return path_; }
  dev_t device() const { return device_; }
  ino_t inode() const { return inode_; }
  uint64_t end() const { return end_; }
  bool has_unsynced() const { return end_ > synced_; }

  // -- appending (append_file.cpp) ---------------------------------------------------

  /// What an append achieved; `problem` tells why it is not whole.
  struct appended {
    uint64_t bytes = 0;
    io_counts io = {};
    caf::error problem = {};
  };

  /// Looks at what others did to the file, ends a half line of theirs, and returns where
  /// the next append will begin.
  caf::expected<file_position> make_ready(io_counts& io);

  /// The rest of a line that is half in the file is not to come: the next append begins a
  /// new one.
  void end_half_line() { needs_newline_ = true; }

  /// Appends with one write. If the system takes less, the rest is tried once, so
  /// that `problem` is known; then a file that still ends where we left it is cut to
  /// its last whole line, so that it never holds half of one.
  appended append(std::string_view lines);

  /// Appends all or nothing: what a failing write brought in is cut off again, if the
  /// file still ends with it. If not, `bytes` tells what is left there.
  appended append_whole(std::string_view lines);

  /// Cuts the file back to `end`, if it still ends where we left it.
  caf::error cut(uint64_t end);

  /// A sync of it failed, or one of an earlier process may have, and what that was to
  /// bring to disk was not written again: until it is, none counts. Thread-safe.
  bool suspect() const { return gate_.failures() > made_good_; }
  void distrust() { gate_.fail(EIO); }

  /// Brings everything to the disk that is on the file's file system.
  caf::error sync_file_system() const;

  /// Notes that a sync covered the file up to here.
  void mark_synced(uint64_t end);

  /// Whether the path still names this file; not after a rotation or a delete. An error
  /// says that nobody knows.
  caf::expected<bool> still_named() const;

  /// Whether the file still ends where we left it: nobody else appended, nor cut.
  bool ends_as_left() const;

  /// Where the file ends by our own count.
  file_position position() const { return {device_, inode_, end_}; }

  // -- after a failure (append_file_recovery.cpp) --------------------------------------

  /// What the file holds of an append that was begun at a place in it.
  struct remains {
    /// Bytes of it that need not be written again.
    uint64_t bytes = 0;
    /// Somebody else's bytes are where the rest should be.
    bool foreign = false;
  };

  /// Compares the file with what was to be appended. If it holds a prefix and ends
  /// there, the rest may follow at once, in the middle of a line too.
  caf::expected<remains> find_remains(uint64_t offset, std::string_view lines,
                                      io_counts& io);

  /// Counts `lines` as appended and not synced, if it is they that stand before `until`:
  /// what an earlier run wrote and did not sync.
  void claim_unsynced(std::string_view lines, uint64_t until, io_counts& io);

  /// What an earlier process appended may not be on disk yet: the next sync has to bring
  /// all of it there.
  void doubt() { synced_ = 0; }

  /// What an earlier process appended from `offset` on, a beginning of `lines`, is not
  /// known to be on disk. It is ours alone if the file ends with that, or with what is
  /// left of it where the kernel dropped pages.
  caf::error doubt_from(uint64_t offset, std::string_view lines, io_counts& io);

  /// Whether what was appended since the last good sync is ours alone, and the end.
  bool unsynced_is_ours() const;
  uint64_t synced_end() const { return synced_; }

  /// Returns what was appended since the last good sync as the page cache has it.
  caf::expected<std::string> read_unsynced(io_counts& io) const;

  /// After a failed sync the kernel forgets which pages it lost, and says OK the next
  /// time. So what was appended since the last good sync is cut off, and `lines`, which
  /// begin with it, are appended.
  caf::error rewrite_unsynced(std::string_view lines, io_counts& io);

  /// Renames the file to a free name beside it, and returns that.
  caf::expected<std::string> set_aside();

  // -- reading (append_file_tail.cpp) --------------------------------------------------

  /// Reads so many bytes; fewer are an error. Thread-safe.
  caf::expected<std::string> read(uint64_t offset, uint64_t size, io_counts& io) const;

  struct last_lines {
    std::string text = {};
    /// There are more, but with the next one it would be longer than it may be.
    bool cut = false;
  };

  /// Returns the last n lines, or as many whole ones as `bytes_max` hold, and has their
  /// bytes held in `room` before they are read.
  caf::expected<last_lines> tail(uint64_t lines, uint64_t bytes_max, credit room,
                                 io_counts& io) const;

private:
  friend class sync_token;

  append_file(std::string path, unique_fd file, std::shared_ptr<open_folder> in);

  caf::error prepare();
  /// Brings everything appended before the call to the disk; a new file's directory
  /// entry too. Thread-safe.
  caf::error sync();
  caf::error look_at_end();
  caf::error look_around();
  void cut_to_whole_lines(std::string_view lines, appended& result);
  struct line_start {
    uint64_t offset = 0;
    bool cut = false;
  };

  caf::expected<line_start> start_of_last(uint64_t lines, uint64_t size,
                                          uint64_t bytes_max, io_counts& io) const;

  std::string path_;
  unique_fd file_;
  sync_gate gate_{sync_gate::data_of(file_.get())};
  /// Failures of the gate after which all that was in doubt was written again.
  std::atomic<uint64_t> made_good_{0};
  std::shared_ptr<open_folder> directory_;
  /// Failed syncs of the directory that this file's holder has heard of.
  std::atomic<uint64_t> directory_failures_;
  /// The directory entry is not known to be on disk: whoever made the file may have died
  /// before its first sync. Written by both threads.
  std::atomic<bool> entry_unsynced_{true};
  /// Where the file ends by our own count, and up to where it was synced.
  uint64_t end_ = 0;
  uint64_t synced_ = 0;
  /// Somebody else changed the file since the last good sync.
  bool touched_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  /// The last byte is no newline: somebody else's half line, which we end first.
  bool needs_newline_ = false;
};

} // namespace sluice
