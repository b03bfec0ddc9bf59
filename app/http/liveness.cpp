#include "app/http/liveness.hpp"

#include "app/http/edge.hpp"
#include "app/http/problem.hpp"

#include <exception>

namespace sluice::http {

namespace {

constexpr auto word_holds = std::chrono::seconds{1};

/// Longer than a supervisor at work takes on the slowest machine, and shorter than
/// anybody waits who starts the service anew.
constexpr caf::timespan answer_time_max = std::chrono::seconds{2};

void reply(exchange& x, bool lives) {
  if (lives)
    x.reply({200, R"({"status":"ok"})"});
  else
    x.reply(problem(ec::unavailable, "the supervisor does not answer"));
}

} // namespace

void liveness::tell(edge& e, const exchange_ptr& x) {
  if (clock::now() < believed_until_)
    return reply(*x, lives_);
  const auto told = [this, x](bool lives) {
    learn(lives);
    reply(*x, lives);
  };
  try {
    e.request<caf::message_priority::high>(e.actors().supervisor, answer_time_max,
                                           atom::check_v)
      .then([told](bool) { told(true); }, [told](const caf::error&) { told(false); });
  } catch (const std::exception&) {
    told(false);
  }
}

void liveness::learn(bool lives) {
  lives_ = lives;
  believed_until_ = clock::now() + word_holds;
}

} // namespace sluice::http
