// A WEBSOCKET BATCHER, one a connection, holds what its client has not taken yet, and
// writes it with one call a window. What a client asks for goes through it too.
#pragma once

#include "messages/status.hpp"
#include "messages/topic_hub.hpp"
#include "messages/topic_page.hpp"
#include "messages/ws_outlet.hpp"

#include <caf/variant.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct ws_subscribe {
  std::vector<subscription> topics;
  /// Held until the hub has answered.
  credit charge = {};

  bool operator==(const ws_subscribe&) const = default;
};

struct ws_unsubscribe {
  std::vector<std::string> topics;
  credit charge = {};

  bool operator==(const ws_unsubscribe&) const = default;
};

struct ws_flush {
  bool operator==(const ws_flush&) const = default;
};

/// What could not be understood, and is answered with why.
struct ws_mistake {
  std::string code;
  std::string detail;

  bool operator==(const ws_mistake&) const = default;
};

struct ws_request {
  /// What the client called it, as the bytes that were sent, or empty: it is told in the
  /// answer.
  std::string id;
  caf::variant<ws_mistake, ws_subscribe, ws_unsubscribe, publication, ws_flush> what;

  bool operator==(const ws_request&) const = default;
};

/// A client that has come in.
struct ws_connection {
  /// No other has it in this run of the service.
  uint64_t id = 0;
  /// Its address and port.
  std::string remote;
  framing how = framing::single;
  std::shared_ptr<ws_outlet> outlet;

  bool operator==(const ws_connection&) const = default;
};

struct ws_connection_stats {
  uint64_t id = 0;
  std::string remote;
  uint64_t topics = 0;
  /// Not yet handed to the kernel.
  uint64_t queued_messages = 0;
  uint64_t queued_bytes = 0;
  /// Messages that travelled in company, all that were handed to the kernel, and how many
  /// of them one write carried on average.
  uint64_t total_batched = 0;
  uint64_t total_sent = 0;
  double avg_batch_size = 0;
  uint64_t dropped = 0;

  bool operator==(const ws_connection_stats&) const = default;
};

using ws_batcher_actor = subscriber_actor::extend<
  /// Does what the client asks, and answers it on the connection.
  caf::reacts_to<atom::append, ws_request>,
  /// Writes a control frame, ahead of whatever waits.
  caf::reacts_to<atom::control, std::string>,
  /// The socket takes bytes again.
  caf::reacts_to<atom::writable>,
  /// Says goodbye with a code of `ws_close` and a reason.
  caf::reacts_to<atom::close, uint16_t, std::string>,
  /// Ends once everything is out: the client has said goodbye, or gone.
  caf::reacts_to<atom::leave>,
  /// Tells the connection's numbers.
  caf::replies_to<atom::stats>::with<ws_connection_stats>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_subscribe& x) {
  return f(caf::meta::type_name("ws_subscribe"), x.topics, x.charge);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_unsubscribe& x) {
  return f(caf::meta::type_name("ws_unsubscribe"), x.topics, x.charge);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_flush&) {
  return f(caf::meta::type_name("ws_flush"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_mistake& x) {
  return f(caf::meta::type_name("ws_mistake"), x.code, x.detail);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_request& x) {
  return f(caf::meta::type_name("ws_request"), x.id, x.what);
}

/// An outlet means something inside one process only; nothing of it is printed.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_connection& x) {
  return f(caf::meta::type_name("ws_connection"), x.id, x.remote, x.how);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ws_connection_stats& x) {
  return f(caf::meta::type_name("ws_connection_stats"), x.id, x.remote, x.topics,
           x.queued_messages, x.queued_bytes, x.total_batched, x.total_sent,
           x.avg_batch_size, x.dropped);
}

} // namespace sluice
