#include "actors/detail/json_ws_request.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "actors/detail/json_reading.hpp"
#include "actors/detail/names.hpp"
#include "messages/error.hpp"

#include <utility>

namespace sluice::json {

namespace {

/// A request without what is only passed on, and never decoded: that stands beside it,
/// as its bytes, and `null` in its place.
struct envelope {
  explicit envelope(const std::string& all) {
    std::string_view text{all};
    std::string space;
    auto done = text.data();
    member_walk walk{text};
    for (member x; walk.next(x);) {
      auto name = plain_name(x.name, space);
      if (name != "id" && name != "data")
        continue;
      (name == "id" ? id : data) = x.value;
      request.append(done, x.value.data()).append("null");
      done = x.value.data() + x.value.size();
    }
    request.append(done, text.data() + text.size());
  }

  std::string request;
  std::string_view id;
  std::string_view data;
};

bool is_id(std::string_view x) {
  return x.size() <= request_id_bytes_max
         && std::string_view{"\"-0123456789"}.find(x[0]) != std::string_view::npos;
}

// -- members ------------------------------------------------------------------------

caf::error read_name(dom::element x, std::string& out) {
  std::string_view text;
  if (x.get(text) || !detail::valid_name(text))
    return invalid("a topic's name is 1 to 64 letters, digits, '_', '-' or '.', the "
                   "last not in front");
  out = text;
  return {};
}

field topic_field(std::string& topic) {
  return {"topic", true, [&topic](dom::element x) { return read_name(x, topic); }};
}

/// A member that was looked at already.
field known_field(const char* name) {
  return {name, false, [](dom::element) { return caf::error{}; }};
}

caf::error read_after(dom::element x, caf::optional<uint64_t>& out) {
  uint64_t number = 0;
  if (x.get(number))
    return invalid("\"after\" must be a whole number, 0 or more");
  out = number;
  return {};
}

caf::error read_epoch(dom::element x, std::string& out) {
  std::string_view text;
  if (x.get(text))
    return invalid("\"epoch\" must be a string");
  out = text;
  return {};
}

caf::error read_subscription(dom::element x, subscription& out) {
  if (!x.is_object())
    return read_name(x, out.topic);
  auto after = [&](dom::element y) { return read_after(y, out.after); };
  auto epoch = [&](dom::element y) { return read_epoch(y, out.epoch); };
  return read_fields(
    x, "a subscription",
    {topic_field(out.topic), {"after", false, after}, {"epoch", false, epoch}});
}

caf::error read_priority(dom::element x, bool& critical) {
  std::string_view word;
  if (x.get(word) || (word != "normal" && word != "critical"))
    return invalid(R"("priority" must be "normal" or "critical")");
  critical = word == "critical";
  return {};
}

/// Adds what `read` makes of each name, of so many at most.
template <class Names, class Read>
field names_field(Names& to, Read read) {
  auto add = [&to, read](dom::element x) {
    if (to.size() >= request_names_max)
      return caf::make_error(ec::too_large, "one request names "
                                              + std::to_string(request_names_max)
                                              + " topics at most");
    return read(x, to.emplace_back());
  };
  return list_field({"topics", add});
}

// -- requests -----------------------------------------------------------------------

using request = decltype(ws_request::what);

caf::error read_subscribe(dom::element x, request& out) {
  ws_subscribe what;
  auto err = read_fields(
    x, "a request",
    {known_field("op"), known_field("id"), names_field(what.topics, read_subscription)});
  out = std::move(what);
  return err;
}

caf::error read_unsubscribe(dom::element x, request& out) {
  ws_unsubscribe what;
  auto err = read_fields(
    x, "a request",
    {known_field("op"), known_field("id"), names_field(what.topics, read_name)});
  out = std::move(what);
  return err;
}

caf::error read_publish(dom::element x, std::string_view bytes, request& out) {
  publication what;
  auto priority = [&](dom::element y) { return read_priority(y, what.critical); };
  auto data = known_field("data");
  data.required = true;
  auto err = read_fields(x, "a request",
                         {known_field("op"),
                          known_field("id"),
                          topic_field(what.topic),
                          data,
                          {"priority", false, priority}});
  if (!err)
    what.data = bytes;
  out = std::move(what);
  return err;
}

caf::error read_request(dom::element x, std::string_view data, request& out) {
  std::string_view op;
  if (!x.is_object())
    return invalid("a request must be an object");
  if (x["op"].get(op))
    return invalid("\"op\" is missing, or no string");
  if (op == "publish")
    return read_publish(x, data, out);
  if (op == "subscribe")
    return read_subscribe(x, out);
  if (op == "unsubscribe")
    return read_unsubscribe(x, out);
  out = ws_flush{};
  if (op == "flush")
    return read_fields(x, "a request", {known_field("op"), known_field("id")});
  return invalid("there is no op of this name; there are subscribe, unsubscribe, "
                 "publish and flush");
}

ws_mistake mistake(const caf::error& why) {
  return {to_string(code_of(why)), text_of(why)};
}

} // namespace

ws_request read_ws_request(const std::string& text) {
  ws_request result;
  // What is published may be as deep as anywhere else.
  if (auto err = check_value(text, depth_max + 1)) {
    result.what = mistake(err);
    return result;
  }
  const envelope parts{text};
  if (!parts.id.empty() && !is_id(parts.id)) {
    result.what =
      mistake(invalid("\"id\" must be a number or a string, of "
                      + std::to_string(request_id_bytes_max) + " bytes at most"));
    return result;
  }
  result.id = parts.id;
  reading json{parts.request};
  auto err = json.error();
  if (!err)
    err = read_request(json.root(), parts.data, result.what);
  if (err)
    result.what = mistake(without_dot(err));
  return result;
}

} // namespace sluice::json
