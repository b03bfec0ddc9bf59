// The WORK WATCH looks at the connections that owe an answer, once a second: whether
// their clients are still there, and whether anybody has waited for longer than anybody
// shall. While none owes one no timer runs.
#pragma once

#include "app/http/places.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>
#include <vector>

namespace sluice::http {

class work_watch {
public:
  work_watch(boost::asio::io_context& io, std::vector<const places*> all)
      : timer_(io), all_(std::move(all)) {}

  /// A connection has begun to owe an answer.
  void begin();

private:
  void look();

  boost::asio::steady_timer timer_;
  const std::vector<const places*> all_;
  bool running_ = false;
};

} // namespace sluice::http
