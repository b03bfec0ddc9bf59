// What the routes have in common: reading `?durability=`, and answering with a level.
#pragma once

#include "app/http/edge.hpp"
#include "app/http/json_writer.hpp"
#include "app/http/target.hpp"
#include "messages/durability.hpp"

#include <caf/expected.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>

namespace sluice::http {

/// 200, or 413 if the text is longer than an answer may be.
answer reply_text(const edge& e, std::string text,
                  std::string_view content_type = "application/json");

/// The level that a request asks for, or none if it does not say.
caf::expected<std::optional<durability>> wanted_level(const request& in);

/// Whether a buffered write is to wait for the disk; refuses a level that cannot be
/// had. Without a spool in RAM nothing buffered survives the process.
caf::expected<bool> wants_disk(const request& in);

/// Answers a buffered write: 202, or 200 once it is on disk. `json` is an open object.
void reply_buffered(exchange& x, json_writer json, durability reached);

/// A buffered write that waits for the disk: it is accepted, so the answer is the
/// level that is reached in time, and never an error.
class disk_wait {
public:
  /// Starts waiting. `json` is an open object that lacks the level.
  static std::shared_ptr<disk_wait> begin(edge& e, const exchange_ptr& x,
                                          json_writer json);

  disk_wait(boost::asio::io_context& io, exchange_ptr x, json_writer json);

  void reached(durability level);

private:
  boost::asio::steady_timer timer_;
  exchange_ptr x_;
  json_writer json_;
};

} // namespace sluice::http
