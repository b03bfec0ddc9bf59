// The HOST holds the sessions of all clients, on the Asio thread: it takes connections
// over from HTTP, has a batcher made for each, and looks who is still there.
#pragma once

#include "app/config/settings.hpp"
#include "app/http/address_shares.hpp"
#include "app/http/edge.hpp"
#include "app/websocket/session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace sluice::websocket {

class host final : public session_owner {
public:
  host(http::edge& actor, websocket_settings settings);

  bool is_empty() const { return sessions_.empty(); }
  bool is_full() const { return sessions_.size() >= settings_.max_connections; }

  /// Takes over a connection whose `request` was let in. `ahead` was read behind it. The
  /// `share` of its address is kept as long as the client.
  void take(std::unique_ptr<transport> over, upgrade_request request, std::string ahead,
            std::string remote, http::address_shares::share share);

  /// Lets everybody go who is still there.
  void end();

  /// Waits, once the Asio thread has ended, until no batcher can reach it any more; false
  /// if one could not be waited for.
  bool await_batchers();

  void on_received(size_t bytes) override { actor_.count_received(bytes); }
  credit open_account() override;
  bool has_room_for_parts() override;
  void on_ended(uint64_t id) override;

  /// Called when the last client has gone.
  std::function<void()> on_empty = {};

private:
  void begin(uint64_t id, std::unique_ptr<transport> over, upgrade_request request,
             std::string ahead, std::string remote, http::address_shares::share share);
  void look_after_all();
  void watch();

  http::edge& actor_;
  const websocket_settings settings_;
  std::unordered_map<uint64_t, std::shared_ptr<session>> sessions_;
  std::unordered_map<uint64_t, http::address_shares::share> shares_;
  uint64_t last_id_ = 0;
  presence batchers_;
  /// One for all clients, that runs while there are some.
  boost::asio::steady_timer watch_;
  bool watching_ = false;
};

} // namespace sluice::websocket
