#include "app/introspection/asker.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <fmt/format.h>

#include <sys/socket.h>

namespace sluice::wire {

std::string asker_by_kernel(int fd, const std::string& claim) {
  ucred who{};
  socklen_t size = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return "somebody whom the kernel does not name";
  return fmt::format("sluicectl of uid {}, pid {}{}{}", who.uid, who.pid,
                     claim.empty() ? "" : ", for ", claim);
}

std::string with_asker(std::string_view request, const served& by,
                       const std::function<std::string(const std::string&)>& words) {
  if (by.naming.empty() || !request.starts_with(by.naming))
    return std::string{request};
  const auto arguments = request.substr(by.naming.size());
  caf::binary_deserializer source{nullptr, arguments.data(), arguments.size()};
  std::string key;
  std::string value;
  std::string claim;
  // CAF will not read it either.
  if (source(key, value, claim))
    return std::string{request};
  const auto asker = words(claim);
  caf::binary_serializer::container_type signed_arguments;
  caf::binary_serializer sink{nullptr, signed_arguments};
  // Into memory: nothing fails.
  static_cast<void>(sink(key, value, asker));
  return by.naming + std::string{signed_arguments.begin(), signed_arguments.end()};
}

} // namespace sluice::wire
