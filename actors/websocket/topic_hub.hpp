// The TOPIC HUB is the one place that numbers messages, so a topic's subscribers all see
// the same order. It holds the messages of a window and frames them once; at the window's
// end each connection gets all of its topics in one delivery.
//
// One window serves all topics: it runs from the first message that waits and never
// slides; it ends when nothing waits any more. A page that is full, and a critical
// message with what waits ahead of it, go at once. Every page is paid for from one
// budget, wherever it is held; half of it at most is history, which gives way to what is
// new. Clients choose what topics are called, and what they follow: both are bounded in
// number, and pay from a budget of their own, half as large.
//
// Who comes back is behind until it has seen the history to its end. It is sent a part at
// a time, whenever it asks, and is handed what is new only then.
#pragma once

#include "actors/detail/trouble.hpp"
#include "actors/detail/window_timer.hpp"
#include "actors/websocket/follower.hpp"
#include "actors/websocket/topic.hpp"
#include "actors/websocket/ws_deflater.hpp"
#include "messages/topic_hub.hpp"

#include <caf/expected.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {

struct topic_hub_config {
  /// Without it every message goes out by itself, at once.
  bool batching = true;
  caf::timespan batch_interval = std::chrono::milliseconds{100};
  /// Messages in a page, past which it does not wait.
  uint64_t max_batch = 20;
  /// Under load a page takes more.
  bool adaptive = true;
  /// Critical messages go ahead of what waits, instead of with it.
  bool overtake = false;
  history_limits history = {};
  uint64_t max_topics = 10'000;
  /// Topics that one connection may follow, and name in one request.
  uint64_t max_followed = 1'000;
  /// Pays for all pages, in histories and in queues alike. Names may take half as much
  /// besides.
  std::shared_ptr<budget> memory = std::make_shared<budget>(67'108'864);
  /// Names this run of the service.
  std::string epoch;
};

class topic_hub_state {
public:
  static inline const char* name = "topic-hub";

  explicit topic_hub_state(topic_hub_actor::pointer self) : self_(self) {}

  void init(topic_hub_config config);

  caf::result<publish_receipt> publish(const publication& what);
  caf::result<std::string> subscribe(const subscriber_actor& who, framing how,
                                     const std::vector<subscription>& topics);
  void send_missed(const subscriber_actor& who);
  bool leave(const subscriber_actor& who, const std::vector<std::string>& topics);
  uint64_t flush();
  topic_hub_stats stats() const;
  void on_losses(uint64_t messages, bool closed);
  void on_tick(uint64_t generation);
  status_report status() const;
  stop_report stop();

private:
  /// Between two times that slow connections are made to drop what they hold.
  static constexpr caf::timespan shed_pause = std::chrono::milliseconds{20};

  // -- topics (topic_hub_topics.cpp) -------------------------------------------------
  /// Makes it if need be; null if there are too many.
  topic* open(const std::string& topic_name);
  topic* make(const std::string& topic_name);
  bool forget_unused();
  /// Notes that a topic was used: it is the last that will have to go.
  void touch(topic& which);
  caf::error no_topic();
  caf::error too_many_followed();
  caf::error check_room(const follower& who, const std::vector<subscription>& topics);
  caf::expected<credit> pay_for_following(const topic& which);
  follower& follower_for(const subscriber_actor& who, framing how);
  caf::error join(follower& who, const std::vector<subscription>& topics,
                  std::unordered_set<std::string>& joined);
  caf::error join(follower& who, const subscription& wish);
  void leave(follower& who, const std::string& topic_name);
  void leave(follower& who, topic& which);
  void add_missed(follower& to, std::vector<page_ptr>& part);
  void on_down(const caf::actor_addr& who);

  // -- sending -------------------------------------------------------------------------
  /// Whether the message found room in memory; history gives way to it.
  template <class Add>
  bool with_room(Add add);
  bool is_short() const;
  void shed();
  void wait_for_window(topic& which);
  void leave_window(topic& which);
  void send_now(topic& which);
  void hand_out(gathering& round, topic& which);
  void send(gathering& round);

  topic_hub_actor::pointer self_;
  topic_hub_config config_;
  ws_deflater deflater_;
  detail::window_timer window_;

  /// Outlives the topics, whose pages it lists.
  kept_pages kept_;
  /// Pays for topics and subscriptions.
  std::shared_ptr<budget> names_;
  std::unordered_map<std::string, std::unique_ptr<topic>> topics_;
  std::list<topic*> followed_;
  /// Topics that nobody follows, the least recently used first.
  std::list<topic*> unfollowed_;
  /// Topics with messages in this window, in the order of their first.
  std::vector<topic*> dirty_;
  /// The largest number of a topic that was forgotten.
  uint64_t floor_ = 0;
  std::unordered_map<caf::actor_addr, std::unique_ptr<follower>> followers_;

  uint64_t published_ = 0;
  uint64_t delivered_ = 0;
  uint64_t dropped_ = 0;
  uint64_t closed_slow_ = 0;
  uint64_t forgotten_ = 0;
  uint64_t topics_refused_ = 0;
  uint64_t subscriptions_refused_ = 0;
  detail::trouble memory_short_{"websocket-memory-short"};
  caf::actor_clock::time_point may_shed_at_;
  bool stopping_ = false;
};

topic_hub_actor::behavior_type
topic_hub(topic_hub_actor::stateful_pointer<topic_hub_state> self,
          topic_hub_config config);

} // namespace sluice
