// The other end: whoever looks into a service. One connection, one question at a time.
#pragma once

#include "app/introspection/connector.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/expected.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace sluice::wire {

class client {
public:
  explicit client(destination to);
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Where it is, for people.
  const std::string& name() const { return to_.name; }

  /// Connects, again after the service was started anew. The error is one line that says
  /// what to do.
  caf::error connect();

  /// Asks, and waits for the answer.
  template <class Answer, class... Ts>
  caf::expected<Answer> ask(caf::timespan patience, Ts&&... xs) {
    caf::expected<Answer> result{caf::sec::request_timeout};
    self_->request(service_, patience, std::forward<Ts>(xs)...)
      .receive([&](Answer& x) { result = std::move(x); },
               [&](caf::error& err) { result = in_words(std::move(err)); });
    return result;
  }

private:
  caf::error try_to_connect();

  struct config : caf::actor_system_config {
    config();
  };

  destination to_;
  config config_;
  caf::actor_system system_;
  caf::io::middleman_actor connector_;
  caf::scoped_actor self_;
  introspection_actor service_;
};

} // namespace sluice::wire
