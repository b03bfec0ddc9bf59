// How to come to a service's introspection: a way to a socket, and what is at its end.
#pragma once

#include "actors/storage/unique_fd.hpp"
#include "app/introspection/unix_socket.hpp"
#include "messages/introspection.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>
#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <functional>
#include <set>
#include <string>

namespace sluice::wire {

/// A service, or the gate to one.
struct destination {
  /// For people.
  std::string name;
  /// Connects a socket to it. May block, for seconds.
  std::function<caf::expected<unique_fd>()> dial;
};

using dialler = caf::expected<unique_fd>(const std::string& path);

/// The service of that socket, connected to so.
destination local_service(const std::string& path, dialler* dial = connect_to_own);

constexpr auto handshake_patience = std::chrono::seconds{5};

/// An actor that connects there when CAF's `connect` asks for `to.name` and `only_port`;
/// once, for CAF remembers. The handshake takes `handshake_patience` at most.
caf::io::middleman_actor spawn_connector(caf::actor_system& sys, destination to);

/// What a connector has found there, if it is an introspection of this version.
caf::expected<introspection_actor> introspection_of(caf::actor_system& sys,
                                                    const std::string& name,
                                                    caf::strong_actor_ptr who,
                                                    const std::set<std::string>& offered);

/// What an introspection said, or that it says nothing.
caf::error in_words(caf::error why);

} // namespace sluice::wire
