// The DISK WATCH tells whether the data directory is there and has room. It looks when
// it is asked, keeps no timer, and writes nothing. Runs detached, since asking a sick
// file system may block.
#pragma once

#include "actors/detail/trouble.hpp"
#include "messages/disk_watch.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace sluice {

struct disk_watch_config {
  std::string data_dir;
  /// A file of the data directory that is there as long as it is mounted.
  std::string identity_file;
  /// Less free space than this is told as a failed check.
  uint64_t free_bytes_min = 16'777'216;
};

class disk_watch_state {
public:
  static inline const char* name = "disk-watch";

  explicit disk_watch_state(disk_watch_actor::pointer self) : self_(self) {}

  void init(disk_watch_config config) { config_ = std::move(config); }

  status_report status();
  stop_report stop();

private:
  disk_watch_actor::pointer self_;
  disk_watch_config config_;
  detail::trouble gone_{"data-directory-gone"};
  detail::trouble nearly_full_{"disk-nearly-full"};
  detail::trouble read_only_{"disk-read-only"};
};

disk_watch_actor::behavior_type
disk_watch(disk_watch_actor::stateful_pointer<disk_watch_state> self,
           disk_watch_config config);

} // namespace sluice
