// What the process asks of the disk below a directory, in order: the calls themselves,
// not what an actor tells of them. Whoever includes this links `sluice_disk_calls`, which
// stands in for the C library's functions.
#pragma once

#include <string>
#include <vector>

namespace sluice::test {

/// Watches one directory while it lives; there is one at a time.
class disk_calls {
public:
  explicit disk_calls(std::string under);
  disk_calls(const disk_calls&) = delete;
  disk_calls& operator=(const disk_calls&) = delete;
  ~disk_calls();

  /// `sync NAME` and `rename NAME`, the new one, for what ended well since the last time;
  /// names are those below the directory, which is `.` itself, and `NAME/*` is the whole
  /// file system that it is on.
  std::vector<std::string> take();

  /// Whether this name was synced since the last `take`.
  bool synced(const std::string& name);

  /// Has this many syncs of a name fail, as those of a device that loses what it was
  /// given.
  void fail_syncs(const std::string& name, int times);

  /// Has syncs of a name wait until they are let go, as on a device that hangs.
  void hold_syncs(const std::string& name);
  void let_go();

  /// Waits until a sync waits for `let_go`; false if none comes soon.
  bool await_held();
};

} // namespace sluice::test
