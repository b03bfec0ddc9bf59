// Locks that keep a second service out. One lives until the last write of its holder
// ends, even of a killed one, so whoever comes next waits a little.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

namespace sluice {

/// Takes the lock of an open file. Waits for a holder that is just ending, but not once
/// `in_vain` says that it will not.
bool lock_within(int fd, std::chrono::nanoseconds patience,
                 const std::function<bool()>& in_vain = {});

/// Who holds a lock, as it wrote itself into the locked file.
struct lock_holder {
  /// 0: nobody wrote.
  pid_t pid = 0;
  /// The number means something in our process namespace.
  bool is_here = false;
  /// It said that it ends.
  bool ends = false;

  /// It runs, and neither ends nor was killed.
  bool stays() const;
};

lock_holder read_holder(int fd);

/// Writes this process into the file that it has locked; notes stay.
void write_holder(int fd, bool ends);

/// What whoever has the lock keeps in the file behind its holder's line. A process that
/// is killed meanwhile leaves the notes of before or those of after.
std::string read_notes(int fd);
bool write_notes(int fd, const std::string& notes);

/// For a message: `, pid 12`, or nothing if nobody wrote.
std::string text_of(const lock_holder& x);

} // namespace sluice
