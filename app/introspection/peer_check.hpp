// A PEER CHECK reads what a peer sends before CAF sees a byte of it: a message of known
// kind and bounded size, an introduction first and once, and after it nothing but
// requests that the introspection knows. CAF 0.17 trusts its peers, and one packet of
// theirs can end the process; so what is let through is listed here, and nothing else is.
#pragma once

#include "app/introspection/token_bucket.hpp"

#include <caf/actor_system.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::wire {

/// What is served, and so the only thing that a peer may talk to.
struct served {
  uint64_t actor = 0;
  /// This process, as it introduces itself.
  std::string node;
  /// How each request begins that there is: everything up to its arguments.
  std::vector<std::string> openings;
  /// That of the request which names its asker, in the last of its three texts.
  std::string naming = {};
};

served serve(caf::actor_system& sys, uint64_t actor);

enum class verdict : uint8_t {
  pass,
  /// Nothing happens, as if it had not been sent.
  drop,
  /// Whoever sends this is let go.
  close,
};

class peer_check {
public:
  using clock = std::chrono::steady_clock;

  static constexpr size_t header_bytes = 32;
  static constexpr size_t sources_max = 64;
  static constexpr uint64_t requests_per_second_max = 20;
  static constexpr uint64_t requests_at_once_max = 40;

  explicit peer_check(served what);

  /// Has a header announce a payload of so many bytes.
  static void announce(std::string& header, size_t payload_bytes);

  /// Judges a header, `header_bytes` long: `pass` lets the peer send what it announces.
  verdict header(std::string_view bytes);

  /// What the header announced; 0: that was all.
  size_t awaited() const { return header_.payload_bytes; }

  /// Judges the whole message, whose header passed.
  verdict message(std::string_view payload, clock::time_point now);

  /// Who the peer says it is; empty until it did.
  const std::string& peer() const { return peer_; }

private:
  struct fields {
    uint8_t operation = 0;
    uint8_t flags = 0;
    size_t payload_bytes = 0;
    uint64_t data = 0;
    uint64_t source = 0;
    uint64_t target = 0;
  };

  verdict introduction(std::string_view payload);
  verdict request(std::string_view payload, clock::time_point now);
  verdict monitor(std::string_view payload) const;

  served served_;
  fields header_;
  std::string peer_;
  bool confirmed_ = false;
  std::set<uint64_t> sources_;
  token_bucket requests_{requests_per_second_max, requests_at_once_max};
};

} // namespace sluice::wire
