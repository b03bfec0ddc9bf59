// The HTTP side: one thread, and one actor on it that asks the others. It takes
// requests in, charges their bytes as it reads them, and hands them over as messages.
#pragma once

#include "app/config/settings.hpp"
#include "messages/credit.hpp"
#include "messages/supervisor.hpp"

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <memory>
#include <string>

namespace sluice::http {

/// What the server talks to.
struct backend {
  supervisor_actor supervisor;
  subsystems actors;
  /// Bytes accepted and not yet in the spool or on disk, all senders of the process
  /// together.
  std::shared_ptr<budget> in_flight;
  /// Bytes of answers that are being made, or wait for their readers.
  std::shared_ptr<budget> answers;
  settings_actor settings;
};

class server {
public:
  server(caf::actor_system& sys, http_settings config, websocket_settings topics,
         backend what);
  ~server();

  /// Binds and serves. `invalid_setting` for a bad certificate, key or token file,
  /// `unavailable` for an address that cannot be had.
  caf::error start();

  /// `127.0.0.1:3000`, or `unix:PATH` where there is only a socket.
  std::string address() const;

  /// Loads the certificate and the key again; what does not fit is told, and not taken.
  void renew_certificates();

  /// Accepts no more connections and answers new requests with 503; those that are
  /// being worked on go on.
  void stop_intake();

  /// Waits until the answers under way are sent, a second at most, and ends.
  void finish();

private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace sluice::http
