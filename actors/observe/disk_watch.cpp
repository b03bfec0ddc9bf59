#include "actors/observe/disk_watch.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace sluice {

namespace {

void tell(status_report& report, const char* check_name, detail::trouble& what, bool ok,
          const std::string& words) {
  report.checks.push_back({check_name, ok, words});
  if (ok)
    what.clear();
  else
    what.note(words);
  what.tell(report);
}

} // namespace

status_report disk_watch_state::status() {
  status_report report;
  report.name = name;
  struct statvfs info {};
  // Where nobody knows how full it is, that is not the same as room enough.
  auto measured = ::statvfs(config_.data_dir.c_str(), &info) == 0;
  auto there = measured && ::access(config_.identity_file.c_str(), F_OK) == 0;
  auto problem = there ? std::string{} : std::generic_category().message(errno);
  tell(report, "data-directory", gone_, there,
       config_.data_dir + (there ? " is there" : " is gone, or not mounted: " + problem));
  if (!measured)
    return report;
  auto free_bytes = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
  report.state = {
    {"freeBytes", static_cast<int64_t>(free_bytes)},
    {"totalBytes", static_cast<int64_t>(uint64_t{info.f_blocks} * info.f_frsize)}};
  tell(report, "free-disk", nearly_full_, free_bytes >= config_.free_bytes_min,
       std::to_string(free_bytes) + " bytes are free");
  const auto writable = (info.f_flag & ST_RDONLY) == 0;
  tell(report, "writable-disk", read_only_, writable,
       config_.data_dir + (writable ? " can be written" : " is mounted read-only"));
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
