// GUNZIP takes gzip apart as it comes in (RFC 1952): one member or several, one behind
// the other, and nothing else. What comes out is handed on in pieces, so that who takes
// them can stop before there is too much.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace sluice::http {

class gunzip {
public:
  enum class outcome : uint8_t { taken, stopped, garbled };

  /// Takes the next piece of what comes out; false stops.
  using taker = std::function<bool(std::string_view)>;

  gunzip();
  ~gunzip();
  gunzip(const gunzip&) = delete;
  gunzip& operator=(const gunzip&) = delete;

  /// Hands on what the next bytes hold.
  outcome feed(std::string_view bytes, const taker& take);

  /// Whether what came ends with a member, or was nothing.
  bool is_whole() const;

private:
  struct implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace sluice::http
