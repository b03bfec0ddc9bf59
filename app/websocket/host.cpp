#include "app/websocket/host.hpp"

#include "app/http/answer_head.hpp"
#include "app/http/problem.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice::websocket {

namespace {

/// Clients are looked after so often within the idle timeout: few wake-ups, and none is
/// pinged or let go much too late.
constexpr int looks_per_timeout = 20;
constexpr session::clock::duration look_interval_min = std::chrono::milliseconds{50};

/// A batcher ends within a message of hearing that its client has gone.
constexpr caf::timespan batcher_patience = std::chrono::seconds{10};

/// What a request for the upgrade is told where there is nobody to follow topics.
std::string refusal(const caf::error& why) {
  const auto answer = http::problem(why);
  return http::answer_head(answer, std::nullopt) + answer.body;
}

} // namespace

host::host(http::edge& actor, websocket_settings settings)
    : actor_(actor), settings_(std::move(settings)), watch_(actor.io()) {}

void host::take(std::unique_ptr<transport> over, upgrade_request request,
                std::string ahead, std::string remote,
                http::address_shares::share share) {
  const auto id = ++last_id_;
  try {
    begin(id, std::move(over), std::move(request), std::move(ahead), std::move(remote),
          std::move(share));
  } catch (const std::exception&) {
    // There is no memory for another client.
    if (const auto known = sessions_.find(id); known != sessions_.end()) {
      const auto made = known->second; // its end takes it out
      made->end();
    }
    shares_.erase(id);
  }
}

void host::begin(uint64_t id, std::unique_ptr<transport> over, upgrade_request request,
                 std::string ahead, std::string remote,
                 http::address_shares::share share) {
  shares_.emplace(id, std::move(share));
  auto made = std::make_shared<session>(*this, id, std::move(over), std::move(request),
                                        std::move(ahead), settings_.deflate);
  sessions_.emplace(id, made);
  watch();
  ws_connection client{id, std::move(remote), made->how(),
                       std::make_shared<outlet>(batchers_.here(), made->over(), made,
                                                made->owed(), actor_.sent_elsewhere())};
  // Whoever lets go of the last reference says that all is over, which may be heard
  // before what he has answered: so one is kept until the answer is.
  actor_.request(actor_.actors().supervisor, caf::infinite, atom::connect_v, client)
    .then(
      [made, kept = client.outlet](const ws_batcher_actor& batcher) {
        made->go_on([&] {
          if (!made->start(batcher))
            made->refuse(refusal(
              caf::make_error(ec::unavailable, "the topics are being started anew")));
        });
      },
      [made, kept = client.outlet](const caf::error& why) {
        made->go_on([&] { made->refuse(refusal(why)); });
      });
}

void host::on_ended(uint64_t id) {
  sessions_.erase(id);
  shares_.erase(id);
  if (!sessions_.empty())
    return;
  watch_.cancel();
  if (on_empty)
    on_empty();
}

void host::end() {
  const auto all = sessions_; // ending one changes them
  for (const auto& [id, each] : all)
    each->end();
}

bool host::await_batchers() {
  return batchers_.await_end(batcher_patience);
}

credit host::open_account() {
  return actor_.actors().in_flight->open();
}

/// Clients who come to no end leave a quarter to requests that are whole.
bool host::has_room_for_parts() {
  const auto& all = *actor_.actors().in_flight;
  return all.used_bytes() <= all.limit_bytes() / 4 * 3;
}

void host::watch() {
  if (watching_)
    return;
  const session::clock::duration idle = settings_.idle_timeout;
  watch_.expires_after(std::max(idle / looks_per_timeout, look_interval_min));
  watch_.async_wait([this](boost::system::error_code code) {
    watching_ = false;
    // If it was cancelled, one came in when the last had just gone.
    if (!sessions_.empty())
      watch();
    if (!code)
      look_after_all();
  });
  watching_ = true;
}

void host::look_after_all() {
  const auto all = sessions_; // ending one changes them
  const auto now = session::clock::now();
  for (const auto& [id, each] : all)
    each->look_after(now, settings_.idle_timeout);
}

} // namespace sluice::websocket
