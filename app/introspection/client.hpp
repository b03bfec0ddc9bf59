// The other end: whoever looks into a service. One connection, one question at a time.
#pragma once

#include "app/introspection/connector.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/expected.hpp>
#include <caf/message_id.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <memory>
#include <mutex>
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
    auto asked = self_->request(service_, patience, std::forward<Ts>(xs)...);
    lifeline_->wait_for(asked.id());
    asked.receive([&](Answer& x) { result = std::move(x); },
                  [&](caf::error& err) { result = in_words(std::move(err)); });
    return result;
  }

private:
  /// Ends the wait for an answer when the connection ends over which it would come: of
  /// those who have asked CAF tells nobody.
  class lifeline {
  public:
    explicit lifeline(caf::strong_actor_ptr whose) : whose_(std::move(whose)) {}

    void wait_for(caf::message_id answer);
    /// From any thread.
    void cut();

  private:
    void tell() const;

    const caf::strong_actor_ptr whose_;
    std::mutex mutex_;
    caf::message_id awaited_;
    bool is_cut_ = false;
  };

  caf::error try_to_connect();
  void use(introspection_actor found);

  struct config : caf::actor_system_config {
    config();
  };

  destination to_;
  config config_;
  caf::actor_system system_;
  caf::io::middleman_actor connector_;
  caf::scoped_actor self_;
  introspection_actor service_;
  std::shared_ptr<lifeline> lifeline_;
};

} // namespace sluice::wire
