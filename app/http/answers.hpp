// What the routes have in common: reading `?durability=`, and answering with a level.
#pragma once

#include "app/http/edge.hpp"
#include "app/http/json_writer.hpp"
#include "app/http/target.hpp"
#include "messages/durability.hpp"

#include <caf/expected.hpp>

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace sluice::http {

/// 200, or 413 if the text is longer than an answer may be.
answer reply_text(const edge& e, std::string text,
                  std::string_view content_type = "application/json");

/// Answers a flush.
void reply_flushed(exchange& x, const flush_report& report);

/// The level that a request asks for, or none if it does not say.
caf::expected<std::optional<durability>> wanted_level(const request& in);

/// What a buffered write is to reach.
struct buffered_goal {
  /// Below this it is refused.
  durability at_least = durability::memory;
  /// Whether its answer waits for the disk.
  bool to_disk = false;
};

/// Reads the goal. Without a word, it is the best level that costs no waiting.
caf::expected<buffered_goal> wanted_goal(const request& in);

/// Answers a buffered write: 202, or 200 once it is on disk. `json` is an open object.
void reply_buffered(exchange& x, json_writer json, durability reached);

/// An error branch for buffered writes: where there is no room, 429 or 507 as the disk
/// does.
inline auto refuse_buffered(edge& e, exchange_ptr x) {
  return [&e, x = std::move(x)](const caf::error& why) {
    if (code_of(why) == ec::overloaded)
      e.refuse_no_room(x, text_of(why));
    else
      x->refuse(why);
  };
}

/// A buffered write that waits for the disk: it is accepted, so the answer is the
/// level that is reached in time, and never an error.
class disk_wait : public std::enable_shared_from_this<disk_wait> {
public:
  /// Starts waiting. `json` is an open object that lacks the level; `so_far` is what the
  /// write has reached already.
  static std::shared_ptr<disk_wait> begin(edge& e, const exchange_ptr& x,
                                          json_writer json, durability so_far);

  disk_wait(boost::asio::io_context& io, exchange_ptr x, json_writer json,
            durability so_far);

  void reached(durability level);

  /// The disk cannot be had, or not in time.
  void give_up() { reached(so_far_); }

  /// Whether what waits is there yet if the actor that took it has died.
  bool outlives_a_death() const { return so_far_ >= durability::ram; }

  /// The disk refused for now: asks again in a while, if there is time left.
  void later(std::function<void()> ask);

private:
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer pause_;
  exchange_ptr x_;
  json_writer json_;
  durability so_far_;
};

} // namespace sluice::http
