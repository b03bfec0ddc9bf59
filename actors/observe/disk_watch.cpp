#include "actors/observe/disk_watch.hpp"

#include "actors/detail/wall_clock.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

namespace sluice {

void disk_watch_state::tell(status_report& report, const char* check_name,
                            const char* alert_id, bool ok, const std::string& words,
                            int64_t& since_ms) {
  report.checks.push_back({check_name, ok, words});
  if (ok) {
    since_ms = 0;
    return;
  }
  if (since_ms == 0)
    since_ms = detail::wall_clock_ms();
  report.alerts.push_back({alert_id, words, since_ms});
}

status_report disk_watch_state::status() {
  status_report report;
  report.name = name;
  auto there = ::access(config_.identity_file.c_str(), F_OK) == 0;
  tell(report, "data-directory", "data-directory-gone", there,
       config_.data_dir + (there ? " is there" : " is gone, or not mounted"),
       gone_since_ms_);
  struct statvfs info {};
  if (::statvfs(config_.data_dir.c_str(), &info) != 0)
    return report;
  auto free_bytes = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  report.state = {
    {"freeBytes", static_cast<int64_t>(free_bytes)},
    {"totalBytes", static_cast<int64_t>(uint64_t{info.f_blocks} * info.f_frsize)}};
  tell(report, "free-disk", "disk-nearly-full", free_bytes >= config_.free_bytes_min,
       std::to_string(free_bytes) + " bytes are free", short_since_ms_);
  return report;
}

stop_report disk_watch_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

disk_watch_actor::behavior_type
disk_watch(disk_watch_actor::stateful_pointer<disk_watch_state> self,
           disk_watch_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice
