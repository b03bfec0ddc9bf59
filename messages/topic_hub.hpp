// The TOPIC HUB numbers the messages of each topic, keeps the last of them for clients
// that come back, and hands the messages of a window, framed once, to all subscribers.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"
#include "messages/status.hpp"
#include "messages/topic_page.hpp"

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

struct publication {
  std::string topic;
  /// One JSON value, checked, as the bytes that were sent.
  std::string data;
  /// Goes out at once.
  bool critical = false;
  /// Held until the message is in a page.
  credit charge;

  bool operator==(const publication&) const = default;
};

struct publish_receipt {
  /// Rises by one a message within the topic.
  uint64_t seq = 0;
  uint64_t subscribers = 0;

  bool operator==(const publish_receipt&) const = default;
};

/// A wish to follow a topic.
struct subscription {
  std::string topic;
  /// The last message that the client has; what follows it is sent first.
  caf::optional<uint64_t> after;
  /// The run of the service that gave that number.
  std::string epoch;

  bool operator==(const subscription&) const = default;
};

struct topic_hub_stats {
  std::string epoch;
  uint64_t topics = 0;
  /// Pairs of a topic and a connection that follows it.
  uint64_t subscriptions = 0;
  uint64_t published = 0;
  /// Messages handed to connections, and lost by those too slow to take them.
  uint64_t delivered = 0;
  uint64_t dropped = 0;
  /// Bytes of all pages that are held anywhere, and those held for resuming.
  uint64_t held_bytes = 0;
  uint64_t history_bytes = 0;

  bool operator==(const topic_hub_stats&) const = default;
};

using topic_hub_actor = caf::typed_actor<
  /// Numbers the message, and sends it with its window. `overloaded` while memory is
  /// short, or with too many topics.
  caf::replies_to<atom::publish, publication>::with<publish_receipt>,
  /// Follows these topics from now on, all of them or none; answers with the epoch,
  /// before the first message. Topics with an `after` follow once `history` has brought
  /// what was missed.
  caf::replies_to<atom::subscribe, subscriber_actor, framing,
                  std::vector<subscription>>::with<std::string>,
  /// Sends the next part of what this subscriber missed, which may be nothing.
  caf::reacts_to<atom::history, subscriber_actor>,
  /// Follows these topics no longer, whatever it missed of them.
  caf::replies_to<atom::leave, subscriber_actor, std::vector<std::string>>::with<bool>,
  /// Sends what waits for the end of its window; answers with how many messages.
  caf::replies_to<atom::flush>::with<uint64_t>,
  /// Tells the topics' numbers.
  caf::replies_to<atom::stats>::with<topic_hub_stats>,
  /// Hears how many messages a connection lost, or that it was closed for being slow.
  caf::reacts_to<atom::report, uint64_t, bool>,
  // internal: the window that was opened with this generation is over.
  caf::reacts_to<atom::tick, uint64_t>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, publication& x) {
  return f(caf::meta::type_name("publication"), x.topic, x.data, x.critical, x.charge);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, publish_receipt& x) {
  return f(caf::meta::type_name("publish_receipt"), x.seq, x.subscribers);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, subscription& x) {
  return f(caf::meta::type_name("subscription"), x.topic, x.after, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, topic_hub_stats& x) {
  return f(caf::meta::type_name("topic_hub_stats"), x.epoch, x.topics, x.subscriptions,
           x.published, x.delivered, x.dropped, x.held_bytes, x.history_bytes);
}

} // namespace sluice
