// The VISITORS are those whom the door has let in, by the sockets over which it connects
// them to the house: so the house knows whom each certificate names.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace sluice::gate {

class visitors {
public:
  /// Binds a local socket to a name of its own, and enters whose it is. Empty: it cannot
  /// be bound.
  std::string enter(int fd, std::string who);

  void leave(const std::string& name);

  /// Whose socket is at the other end; empty: nobody's whom the door has let in.
  std::string at_other_end(int fd) const;

private:
  mutable std::mutex guard_;
  std::map<std::string, std::string> inside_;
};

} // namespace sluice::gate
