#include "app/gate/visitors.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::gate {

namespace {

using names_end = int (*)(int fd, sockaddr* to, socklen_t* size);

std::string name_by(names_end ask, int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (ask(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return {};
  constexpr auto before = offsetof(sockaddr_un, sun_path);
  return {address.sun_path, std::max<size_t>(size, before) - before};
}

} // namespace

std::string visitors::enter(int fd, std::string who) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // The kernel chooses a free name.
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address.sun_family) != 0)
    return {};
  auto name = name_by(getsockname, fd);
  const std::lock_guard lock{guard_};
  inside_[name] = std::move(who);
  return name;
}

void visitors::leave(const std::string& name) {
  const std::lock_guard lock{guard_};
  inside_.erase(name);
}

std::string visitors::at_other_end(int fd) const {
  const auto name = name_by(getpeername, fd);
  const std::lock_guard lock{guard_};
  const auto known = inside_.find(name);
  return known == inside_.end() ? std::string{} : known->second;
}

} // namespace sluice::gate
