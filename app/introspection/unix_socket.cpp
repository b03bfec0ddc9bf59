#include "app/introspection/unix_socket.hpp"

#include "messages/error.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace sluice::wire {

namespace {

constexpr int waiting_max = 64;

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un result{};
  if (path.empty() || path.size() >= sizeof result.sun_path)
    return std::nullopt;
  result.sun_family = AF_UNIX;
  path.copy(result.sun_path, path.size());
  return result;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

unique_fd new_socket() {
  return unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

caf::error failed(ec code, const std::string& what, const std::string& path, int why) {
  return caf::make_error(code, what + ' ' + path + ": " + std::strerror(why));
}

/// Removes a socket at which nobody listens any more.
caf::error make_way(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0)
    return caf::none;
  if (!S_ISSOCK(found.st_mode))
    return caf::make_error(ec::invalid_setting,
                           "introspection.socket " + path + " is there and is no socket");
  if (connect_to(path))
    return caf::make_error(ec::unavailable,
                           "introspection.socket " + path
                             + " is in use: another process listens there");
  if (unlink(path.c_str()) != 0)
    return failed(ec::invalid_setting, "cannot replace introspection.socket", path,
                  errno);
  return caf::none;
}

/// This user and root are; nobody else, whoever asks.
caf::error check_trusted(uid_t uid, const std::string& path) {
  if (uid == geteuid() || uid == 0)
    return caf::none;
  const auto who = std::to_string(uid);
  return caf::make_error(ec::refused, path + " is uid " + who
                                        + "'s, who is not trusted. If a service of that "
                                          "user is meant, ask as that user: sudo -u '#"
                                        + who + "' sluicectl ...");
}

} // namespace

caf::expected<unique_fd> listen_at(const std::string& path) {
  const auto address = address_of(path);
  if (!address)
    return caf::make_error(ec::invalid_setting,
                           "introspection.socket " + path
                             + " is longer than a socket's path may be, 107 bytes");
  if (auto err = make_way(path))
    return err;
  auto result = new_socket();
  // What `bind` makes gets the rights of the socket, whatever the umask would leave.
  if (fchmod(result.get(), 0600) != 0
      || bind(result.get(), generic(*address), sizeof *address) != 0
      || listen(result.get(), waiting_max) != 0)
    return failed(ec::invalid_setting, "cannot listen at introspection.socket", path,
                  errno);
  return result;
}

caf::expected<unique_fd> listen_privately(std::string& name) {
  auto result = new_socket();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The kernel chooses a free name.
  socklen_t size = sizeof address.sun_family;
  if (bind(result.get(), generic(address), size) != 0
      || listen(result.get(), waiting_max) != 0)
    return failed(ec::unavailable, "cannot listen at", "a private socket", errno);
  size = sizeof address;
  if (getsockname(result.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return failed(ec::unavailable, "cannot listen at", "a private socket", errno);
  name.assign(address.sun_path, size - sizeof address.sun_family);
  return result;
}

caf::expected<unique_fd> connect_to(const std::string& path) {
  const auto address = address_of(path);
  if (!address)
    return caf::make_error(ec::unavailable, "no socket can have the path " + path);
  auto result = new_socket();
  if (connect(result.get(), generic(*address), sizeof *address) != 0)
    return failed(ec::unavailable, "cannot connect to", path, errno);
  return result;
}

caf::expected<unique_fd> connect_to_own(const std::string& path) {
  // Another user could have us wait in the connecting.
  struct stat found {};
  if (stat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode))
    if (auto err = check_trusted(found.st_uid, path))
      return err;
  auto result = connect_to(path);
  ucred who{};
  socklen_t size = sizeof who;
  if (!result)
    return result;
  if (getsockopt(result->get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
    return failed(ec::unavailable, "cannot see who listens at", path, errno);
  if (auto err = check_trusted(who.uid, path))
    return err;
  return result;
}

} // namespace sluice::wire
