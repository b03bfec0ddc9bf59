// The RELAY is what the gate shows of a service: it takes the questions that the
// introspection takes, and asks them there. What would change anything it refuses, unless
// it was allowed. It connects when it is asked, and again when the service was started
// anew; of the questions that the service answers in a second it passes on its share.
#pragma once

#include "actors/detail/owed.hpp"
#include "app/introspection/connector.hpp"
#include "app/introspection/token_bucket.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::gate {

struct relay_config {
  wire::destination service;
  bool allow_control = false;
  /// Requests that came too soon; null: nobody wants to know.
  std::shared_ptr<introspection_counts> counts = nullptr;
};

class relay_state {
public:
  static inline const char* name = "relay";

  explicit relay_state(introspection_actor::pointer self) : self_(self) {}

  void init(relay_config config);

  /// Asks the service the same.
  template <class Answer, class... Ts>
  caf::result<Answer> ask(caf::timespan patience, Ts... xs);

  /// The same, for what changes something.
  template <class Answer, class... Ts>
  caf::result<Answer> control(caf::timespan patience, Ts... xs);

private:
  using clock = std::chrono::steady_clock;

  /// Below what the service takes from one connection, so that it never has to end it.
  static constexpr uint64_t requests_per_second_max = 16;
  static constexpr uint64_t requests_at_once_max = 32;

  struct held_request {
    std::function<void()> run;
    std::function<void(const caf::error&)> refuse;
  };

  template <class Answer, class... Ts>
  void pass_on(detail::owed<Answer> answer, caf::timespan patience, Ts... xs);
  void lost();
  void connect();
  void connected(caf::expected<introspection_actor> found);

  introspection_actor::pointer self_;
  relay_config config_;
  introspection_actor service_;
  caf::io::middleman_actor connector_;
  bool connecting_ = false;
  /// Those who wait for the connection; bounded by the rate.
  std::vector<held_request> held_;
  /// What tells those who wait for the service that it is gone, by when they asked.
  std::map<uint64_t, std::function<void()>> asked_;
  uint64_t questions_ = 0;
  wire::token_bucket requests_{requests_per_second_max, requests_at_once_max};
};

introspection_actor::behavior_type
relay(introspection_actor::stateful_pointer<relay_state> self, relay_config config);

} // namespace sluice::gate
