// An EXCHANGE is one request on its way through the service, and the one answer to
// it. Who holds it owes the answer: if the last holder lets go without one, the
// client is told so, and no connection waits for ever.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// What the service distinguishes; HEAD is a GET whose answer goes without its body.
enum class verb : uint8_t { get, post, put, patch, erase };

struct parameter {
  std::string name;
  std::string value;

  auto operator<=>(const parameter&) const = default;
};

struct request {
  verb method = verb::get;
  /// What stood at the `{}` of the route's pattern, decoded.
  std::vector<std::string> captures;
  /// What stood behind the question mark, decoded.
  std::vector<parameter> query;
  /// Whether the body is `application/x-ndjson`.
  bool ndjson = false;
  std::string body;
  /// Pays for header and body.
  credit charge;
  /// Holds the answer while it is made; open for requests that may have a large one.
  credit room;
};

/// What an answer that is not small may do where others have taken all room.
enum class claim : uint8_t {
  none,
  /// It tells how the service is: some room is kept back for those.
  kept_back,
  /// It tells what was done, and is given all the same.
  sure,
};

struct answer {
  unsigned status = 200;
  std::string body;
  /// Points to static text.
  std::string_view content_type = "application/json";
  /// More header lines, each ended by CR LF.
  std::string headers = {};
  /// Whether the connection ends with this answer.
  bool close = false;
  /// What it may do where others have taken all room.
  claim on_room = claim::none;
  /// Holds its body.
  credit room = {};
};

/// Where the answer goes.
class answer_sink {
public:
  virtual ~answer_sink() = default;

  /// Takes the answer; called once an exchange. Does not fail: a client that cannot be
  /// answered is let go.
  virtual void on_answer(answer what) = 0;
};

class exchange {
public:
  exchange(request what, std::shared_ptr<answer_sink> sink)
      : in(std::move(what)), sink_(std::move(sink)) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange();

  /// Answers; only the first answer counts.
  void reply(answer what);

  /// Answers with a problem.
  void refuse(const caf::error& why);

  request in;

private:
  std::shared_ptr<answer_sink> sink_;
};

using exchange_ptr = std::shared_ptr<exchange>;

/// An error branch for `then`: tells the client.
inline auto refuse(exchange_ptr x) {
  return [x = std::move(x)](const caf::error& why) { x->refuse(why); };
}

} // namespace sluice::http
