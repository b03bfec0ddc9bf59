#include "app/http/liveness.hpp"

#include "app/http/edge.hpp"
#include "app/http/problem.hpp"

#include <exception>
#include <utility>

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

void liveness::tell(edge& e, exchange_ptr x) {
  if (clock::now() < believed_until_)
    return reply(*x, lives_);
  waiting_.push_back(std::move(x));
  if (waiting_.size() > 1)
    return;
  try {
    ask(e);
  } catch (const std::exception&) {
    learn(false);
  }
}

void liveness::ask(edge& e) {
  e.request<caf::message_priority::high>(e.actors().supervisor, answer_time_max,
                                         atom::check_v)
    .then([this](bool) { learn(true); }, [this](const caf::error&) { learn(false); });
}

void liveness::learn(bool lives) {
  lives_ = lives;
  believed_until_ = clock::now() + word_holds;
  for (const auto& each : std::exchange(waiting_, {}))
    reply(*each, lives);
}

} // namespace sluice::http
