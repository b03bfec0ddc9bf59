// A whole Sluice in one object: the actor system, its supervisor, and the HTTP side.
// `sluiced` is this plus signals; a test or a bench may hold one as well.
#pragma once

#include "app/config/load.hpp"
#include "app/spool_use.hpp"
#include "messages/supervisor.hpp"

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class service {
public:
  /// Called, on a thread of the actors', with who died and cannot be started anew. What
  /// is left to do is to stop; what was acknowledged is in the spool.
  using ruin_handler = std::function<void(const std::string&)>;

  /// `spool` may hold what an earlier run left; at `introspection_socket` the service can
  /// be looked into.
  service(config::configuration config, spool_use spool, std::string introspection_socket,
          ruin_handler on_ruin = {});
  ~service();

  /// Asked now and then, for as long as a start takes, whether the service is to end.
  using end_wish = std::function<bool()>;

  /// Starts the actors, and brings to disk what the spool holds. On an error nothing
  /// runs. An end that is wished for meanwhile is a stop, which waits for the start as
  /// long as a stop does; `stopping`: it did not come to its end. What is left to do is
  /// to call `stop`.
  caf::error start(const end_wish& wants_end);

  /// Serves HTTP and the introspection. On an error nothing runs; its code tells what
  /// kind: `invalid_setting`, or `unavailable` for an address in use.
  caf::error serve();

  /// Who works, and what the start took over.
  const subsystems& actors() const;

  /// Where HTTP is served: `127.0.0.1:3000`, or `unix:PATH`.
  std::string address() const;

  /// Takes what is new in `fresh`, which is what a start would read now, as far as that
  /// can be while it runs; of one that is refused nothing. Certificates are renewed in
  /// either case. The log tells which.
  void reload(const caf::expected<config::configuration>& fresh);

  /// Stops intake, drains, and answers with one report an actor; so does each later call.
  std::vector<stop_report> stop();

  /// Whether, some time after the stop, an actor is still at something that nothing ends.
  /// The destructor would wait for it.
  bool is_stuck() const;

private:
  struct implementation;

  caf::error serve_introspection();
  void ruin_with(const caf::actor& who, const std::string& name);

  std::unique_ptr<implementation> impl_;
};

} // namespace sluice
