#include "app/descriptors.hpp"

#include <sys/resource.h>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice {

namespace {

/// Kept back for files, and for each log's file and its folder.
constexpr uint64_t files_kept = 64;
constexpr uint64_t files_of_log = 2;

} // namespace

demand affordable(uint64_t descriptors, const demand& wanted) {
  const auto kept =
    std::min<uint64_t>(files_kept + files_of_log * wanted.logs, descriptors / 2);
  demand result = wanted;
  const auto files = std::min(files_kept, kept / 2);
  result.logs = std::clamp<uint64_t>((kept - files) / files_of_log, 1, wanted.logs);
  // A quarter more than are served are told that they are not.
  const auto room = std::max<uint64_t>((descriptors - kept) / 5 * 4, 2);
  const auto connections = wanted.http + wanted.websocket;
  if (connections <= room)
    return result;
  const auto share = static_cast<double>(wanted.http) / static_cast<double>(connections);
  result.http = std::clamp<uint64_t>(
    static_cast<uint64_t>(share * static_cast<double>(room)), 1, room - 1);
  result.websocket = room - result.http;
  return result;
}

demand raise_descriptor_limit(const demand& wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return wanted;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return wanted;
  const auto served = affordable(limit.rlim_cur, wanted);
  if (served != wanted)
    spdlog::warn(
      "descriptors-few the system allows {}, enough for {} of "
      "http.max-connections={}, {} of websocket.max-connections={}, and the "
      "files of {} of log.max-logs={} at once; LimitNOFILE= or ulimit -n gives "
      "more",
      limit.rlim_cur, served.http, wanted.http, served.websocket, wanted.websocket,
      served.logs, wanted.logs);
  return served;
}

} // namespace sluice
