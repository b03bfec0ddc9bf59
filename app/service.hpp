// A whole Sluice in one object: the actor system, its supervisor, and the HTTP side.
// `sluiced` is this plus signals; a test or a bench may hold one as well.
#pragma once

#include "app/config/settings.hpp"
#include "messages/supervisor.hpp"

#include <caf/error.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

class service {
public:
  /// `config_json` is what `GET /v1/config` answers.
  service(settings config, std::string config_json);
  ~service();

  /// Starts everything, HTTP last. On an error nothing runs; its code tells what kind:
  /// `invalid_setting`, `unavailable` (an address in use), or the actor's own.
  caf::error start();

  /// Where HTTP is served: `127.0.0.1:3000`, or `unix:PATH`.
  std::string address() const;

  /// Stops intake, drains, and answers with one report an actor.
  std::vector<stop_report> stop();

private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace sluice
