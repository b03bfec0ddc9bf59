// The other end: whoever looks into a service. One connection, one question at a time.
#pragma once

#include "messages/error.hpp"
#include "messages/introspection.hpp"

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
  client();
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// Connects, again after the service was started anew. The error is one line that says
  /// what to do.
  caf::error connect(const std::string& path);

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
  caf::error try_to_connect(const std::string& path);

  /// What the service said, or that it says nothing.
  static caf::error in_words(caf::error why);

  struct config : caf::actor_system_config {
    config();
  };

  config config_;
  caf::actor_system system_;
  caf::actor connector_;
  caf::scoped_actor self_;
  introspection_actor service_;
};

} // namespace sluice::wire
