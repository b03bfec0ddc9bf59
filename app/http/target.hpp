// A request's target, taken apart: each segment of the path is decoded by itself, so
// that an encoded slash belongs to a name. And what names may look like.
#pragma once

#include "app/http/exchange.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

struct target {
  std::vector<std::string> segments;
  std::vector<parameter> query;
  /// Of a target that is a whole URL, as proxies send it: the host, which stands for the
  /// one of the header.
  std::optional<std::string> authority = {};
  /// `*`, the service as a whole, about which only OPTIONS can ask.
  bool whole_service = false;
};

caf::expected<target> parse_target(std::string_view text);

/// Refuses what may not be a log's or a store's name.
caf::error check_name(std::string_view name);

/// Refuses what may not be a session's key.
caf::error check_key(std::string_view key);

/// Reads parameters that a client may give once.
class query_reader {
public:
  explicit query_reader(const std::vector<parameter>& query) : query_(query) {}

  /// The value, or none if the client gave none; an error if it gave two.
  caf::expected<std::optional<std::string_view>> text(std::string_view name) const;

  /// The same for `true` and `false`.
  caf::expected<bool> flag(std::string_view name, bool fallback) const;

  /// The same for a whole number in a range.
  caf::expected<uint64_t> number(std::string_view name, uint64_t fallback, uint64_t least,
                                 uint64_t most) const;

private:
  const std::vector<parameter>& query_;
};

} // namespace sluice::http
