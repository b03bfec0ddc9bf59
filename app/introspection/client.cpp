#include "app/introspection/client.hpp"

#include "actors/detail/workers.hpp"
#include "app/introspection/unix_stream.hpp"
#include "app/introspection/wire.hpp"

#include <caf/exit_reason.hpp>
#include <caf/io/middleman.hpp>

#include <set>
#include <thread>

namespace sluice::wire {

namespace {

constexpr int tries_max = 4;
constexpr auto pause = std::chrono::milliseconds{250};

caf::error unreachable(const std::string& what) {
  return caf::make_error(ec::unavailable, what);
}

} // namespace

client::config::config() {
  detail::use_workers(*this, 1);
  speak(*this);
}

client::client(destination to) : to_(std::move(to)), system_(config_), self_(system_) {
  // nop
}

client::~client() {
  caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
}

caf::error client::connect() {
  caf::error problem;
  for (auto tries = tries_max; tries > 0; --tries) {
    problem = try_to_connect();
    // One that cannot come in at all is told so in the service's own words.
    if (!problem || code_of(problem) != ec::overloaded)
      return problem;
    std::this_thread::sleep_for(pause);
  }
  return unreachable(text_of(problem));
}

/// `overloaded`: somebody listens, and let go at once, as those do who are asked too
/// often.
caf::error client::try_to_connect() {
  if (connector_)
    caf::anon_send_exit(connector_, caf::exit_reason::user_shutdown);
  connector_ = spawn_connector(system_, to_);
  caf::error problem;
  self_
    ->request(connector_, handshake_patience, caf::connect_atom::value, to_.name,
              only_port)
    .receive(
      [&](const caf::node_id&, caf::strong_actor_ptr& who,
          const std::set<std::string>& offered) {
        auto found = introspection_of(system_, to_.name, std::move(who), offered);
        if (found)
          use(std::move(*found));
        else
          problem = std::move(found.error());
      },
      [&](const caf::error& why) {
        if (why.category() == caf::atom("sluice"))
          problem = why;
        else
          problem = caf::make_error(
            ec::overloaded, "whoever listens at " + to_.name
                              + " does not answer: it is no sluiced of this version, or "
                                "it is asked too often");
      });
  return problem;
}

void client::use(introspection_actor found) {
  lifeline_ = std::make_shared<lifeline>(caf::strong_actor_ptr{self_->ctrl()});
  service_ = std::move(found);
  caf::actor_cast<caf::abstract_actor*>(service_)->attach_functor(
    [line = lifeline_](const caf::error&) { line->cut(); });
}

// -- the lifeline -----------------------------------------------------------------------

void client::lifeline::wait_for(caf::message_id answer) {
  std::lock_guard guard{mutex_};
  awaited_ = answer;
  if (is_cut_)
    tell();
}

void client::lifeline::cut() {
  std::lock_guard guard{mutex_};
  is_cut_ = true;
  tell();
}

/// As CAF itself tells of a timeout. Who does not wait for it passes it by.
void client::lifeline::tell() const {
  whose_->enqueue(
    nullptr, awaited_,
    caf::make_message(caf::make_error(caf::exit_reason::remote_link_unreachable)),
    nullptr);
}

} // namespace sluice::wire
