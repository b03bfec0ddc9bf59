// The table of what the service answers. Each subsystem adds its rows.
#pragma once

#include "app/http/exchange.hpp"
#include "app/http/target.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

class edge;

/// What a request's body may be.
enum class body_kind : uint8_t {
  /// Read and not looked at.
  none,
  /// `application/json`
  json,
  /// The same, or `application/merge-patch+json`
  merge_patch,
  /// `text/plain` or `application/x-ndjson`
  lines,
};

/// The names of the parameters that a route takes behind the question mark; empty ones
/// are none.
using parameter_names = std::array<std::string_view, 4>;

struct route {
  verb method;
  /// A path; `{}` stands for any one segment.
  std::string_view pattern;
  body_kind body;
  void (*handle)(edge&, const exchange_ptr&);
  parameter_names takes = {};
  /// Whether the answer needs no token.
  bool open = false;
  /// Whether the connection goes on as a WebSocket. There is nothing to handle then, and
  /// the token may stand in the query: browsers give it no other place.
  bool upgrade = false;
  /// Whether it is answered even where all places are taken: it tells how the service is.
  bool vital = false;
  /// Whether many are answered as one: it asks many actors, or all that one knows.
  bool shared = false;
  /// Whether it looks at all of the database, and is waited for however long that takes.
  bool takes_long = false;
};

/// A route like `x` whose requests are answered in rounds.
constexpr route shared(route x) {
  x.shared = true;
  return x;
}

/// A route like `x` that cares for the whole database.
constexpr route care(route x) {
  x.takes_long = true;
  return x;
}

/// Has `to` answer; what it throws is an answer, too.
void handle(edge& e, const route& to, const exchange_ptr& x);

struct match {
  /// Null if no row has this path, or none has this path and method.
  const route* to = nullptr;
  /// Whether some row has this path.
  bool found = false;
  std::vector<std::string> captures;
};

class router {
public:
  void add(std::span<const route> rows);

  /// Finds the first row that fits; `method` is as the client wrote it.
  match find(std::string_view method, const target& where) const;

  /// The methods that a path allows, as `Allow` lists them; none if there is no such
  /// path.
  std::string allowed(const target& where) const;

  /// The path there is that looks most like one that there is not.
  std::string nearest(const target& where) const;

private:
  struct row {
    const route* what;
    std::vector<std::string_view> segments;

    bool fits(const target& where) const;
    size_t distance(const target& where) const;
  };

  std::vector<row> rows_;
};

std::span<const route> log_routes();
std::span<const route> session_routes();
std::span<const route> database_routes();
std::span<const route> database_care_routes();
std::span<const route> queue_routes();
std::span<const route> health_routes();
std::span<const route> topic_routes();
std::span<const route> actor_routes();
std::span<const route> exposition_routes();

} // namespace sluice::http
