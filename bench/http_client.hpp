// A light HTTP client that puts load on a server: many keep-alive connections on one
// thread, each with one request under way. It costs little beside the server, so that
// both can share a small machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace sluice::bench {

struct http_load {
  /// `127.0.0.1:3000`.
  std::string address;
  uint64_t connections = 1;
  uint64_t requests = 0;
  /// Requests a second at most; 0: each as soon as the one before is answered.
  double rate = 0;
  /// The n-th request, whole, as its bytes on the wire.
  std::function<std::string(uint64_t)> make;
  /// Past this the load is given up.
  std::chrono::seconds limit{60};
};

struct http_outcome {
  /// Answers of 2xx.
  uint64_t accepted = 0;
  /// Answers of 429 and 503, after which the request was sent again.
  uint64_t refused = 0;
  /// From the first request to the last answer.
  std::chrono::nanoseconds wall{0};
};

/// Sends all requests. Throws when an answer is neither 2xx nor a refusal, when the
/// server hangs up, and at the limit.
http_outcome run(const http_load& load);

/// A request with a body.
std::string http_request(const std::string& method, const std::string& target,
                         const std::string& content_type, const std::string& body);

} // namespace sluice::bench
