// A WEBSOCKET BATCHER writes what one client is to get: what a window brought with one
// call, answers and critical messages at once. Whatever the client's socket does not take
// waits here, bounded in bytes, and no other client notices.
//
// It also asks the topic hub on the client's behalf, and says goodbye: when the client is
// too slow, when the hub has died, and when the service stops.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/websocket/ws_queue.hpp"
#include "messages/ws_batcher.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace sluice {

struct ws_batcher_config {
  /// Bytes that may wait, past which the oldest are dropped, or the client is.
  uint64_t max_queue_bytes = 1'048'576;
  bool close_when_full = false;
};

class ws_batcher_state {
public:
  static inline const char* name = "ws-batcher";

  explicit ws_batcher_state(ws_batcher_actor::pointer self) : self_(self) {}

  void init(ws_batcher_config config, topic_hub_actor hub, ws_connection client);

  void deliver(const delivery& what);
  void shed();
  void control(std::string& frame);
  void on_writable();
  void close(ws_close code, const std::string& reason);
  void on_hub_down(const caf::error& why);
  void leave();
  ws_connection_stats stats() const;
  status_report status() const;
  caf::result<stop_report> stop();

  // -- what the client asks (ws_batcher_requests.cpp) ----------------------------------
  void handle(ws_request& asked);
  void operator()(const std::string& id, const ws_mistake& x);
  void operator()(const std::string& id, ws_subscribe& x);
  void operator()(const std::string& id, ws_unsubscribe& x);
  void operator()(const std::string& id, publication& x);
  void operator()(const std::string& id, const ws_flush& x);

private:
  void pump();
  void ask_for_missed();
  void keep_within();
  void report_losses(uint64_t before, bool closed);
  void answer_stop();
  void end();

  void answer(const std::string& message);
  void answer_ok(const std::string& id, const std::string& more = {});
  void answer_error(const std::string& id, std::string_view code,
                    std::string_view detail);
  void answer_error(const std::string& id, const caf::error& why);

  ws_batcher_actor::pointer self_;
  ws_batcher_config config_;
  topic_hub_actor hub_;
  ws_connection client_;
  ws_queue queue_;
  std::unordered_set<std::string> topics_;

  /// The answer to the handshake has come. Nothing goes out before it.
  bool answered_ = false;
  /// The socket takes nothing until it says so.
  bool blocked_ = false;
  /// Nothing new is taken; a Close frame is in the queue or out.
  bool closing_ = false;
  /// It ends once everything is out.
  bool leaving_ = false;
  /// The hub has more of what the client missed, and was asked for the next part.
  bool behind_ = false;
  bool asked_ = false;
  std::optional<detail::owed<stop_report>> stopping_;

  uint64_t writes_ = 0;
  uint64_t total_batched_ = 0;
  uint64_t total_sent_ = 0;
};

ws_batcher_actor::behavior_type
ws_batcher(ws_batcher_actor::stateful_pointer<ws_batcher_state> self,
           ws_batcher_config config, topic_hub_actor hub, ws_connection client);

} // namespace sluice
