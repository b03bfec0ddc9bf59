#include "app/descriptors.hpp"

#include "messages/error.hpp"

#include <sys/resource.h>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace sluice {

namespace {

/// The service's own: some 25 from its start on, 36 for the segments of a full spool, and
/// the rest for what is open for a moment.
constexpr uint64_t own_max = 104;
constexpr uint64_t own_min = 40;

/// A store has a snapshot and a journal, and while it is compacted a new file.
constexpr uint64_t files_of_store = 3;

/// However many of the others are wanted.
constexpr uint64_t http_min = 8;

} // namespace

demand affordable(uint64_t descriptors, const demand& wanted) {
  const auto asked_for = own_max + wanted.logs + files_of_store * wanted.stores;
  const auto kept =
    std::max(std::min(asked_for, descriptors / 2), own_min + 1 + files_of_store);
  const auto own = std::clamp(kept / 2, own_min, own_max);
  demand result = wanted;
  result.logs = std::clamp<uint64_t>((kept - own) / 2, 1, wanted.logs);
  result.stores =
    std::clamp<uint64_t>((kept - own - result.logs) / files_of_store, 1, wanted.stores);
  // A quarter more than are served are told that they are not.
  const auto room =
    std::max<uint64_t>((descriptors - std::min(descriptors, kept)) / 5 * 4, 2);
  const auto connections = wanted.http + wanted.websocket;
  if (connections <= room)
    return result;
  const auto share = static_cast<double>(wanted.http) / static_cast<double>(connections);
  const auto part = static_cast<uint64_t>(share * static_cast<double>(room));
  const auto least = std::min({wanted.http, http_min, room / 2});
  result.http = std::clamp(part, std::max<uint64_t>(least, 1), room - 1);
  result.websocket = room - result.http;
  return result;
}

caf::error raise_descriptor_limit(demand& wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return caf::none;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return caf::none;
  if (limit.rlim_cur < descriptors_min)
    return caf::make_error(ec::unavailable,
                           "the system allows " + std::to_string(limit.rlim_cur)
                             + " descriptors, and sluiced needs "
                             + std::to_string(descriptors_min)
                             + ": give it more with LimitNOFILE= or ulimit -n");
  const auto served = affordable(limit.rlim_cur, wanted);
  if (served != wanted)
    spdlog::warn(
      "descriptors-few the system allows {}, enough for {} of "
      "http.max-connections={}, {} of websocket.max-connections={}, and the "
      "files of {} of log.max-logs={} at once, and of {} of session.max-stores={}; "
      "LimitNOFILE= or ulimit -n gives more",
      limit.rlim_cur, served.http, wanted.http, served.websocket, wanted.websocket,
      served.logs, wanted.logs, served.stores, wanted.stores);
  wanted = served;
  return caf::none;
}

} // namespace sluice
