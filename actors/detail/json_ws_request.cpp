#include "actors/detail/json_ws_request.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_reading.hpp"
#include "actors/detail/names.hpp"

#include <utility>

namespace sluice::json {

namespace {

/// The bytes of a member of a text that was checked; empty if there is none.
std::string slice(const std::string& text, std::string_view wanted) {
  std::string space;
  auto list = list_members(text, 1);
  for (size_t i = 1; i < list.size(); i = list[i].after)
    if (plain_name(list[i].name, space) == wanted)
      return std::string{list[i].value};
  return {};
}

bool is_id(dom::element x, const std::string& bytes) {
  return (x.is_string() || x.is_number()) && bytes.size() <= request_id_bytes_max;
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

// -- requests -----------------------------------------------------------------------

using request = decltype(ws_request::what);

caf::error read_subscribe(dom::element x, request& out) {
  ws_subscribe what;
  auto add = [&](dom::element y) {
    return read_subscription(y, what.topics.emplace_back());
  };
  auto err = read_fields(
    x, "a request", {known_field("op"), known_field("id"), list_field("topics", add)});
  out = std::move(what);
  return err;
}

caf::error read_unsubscribe(dom::element x, request& out) {
  ws_unsubscribe what;
  auto add = [&](dom::element y) { return read_name(y, what.topics.emplace_back()); };
  auto err = read_fields(
    x, "a request", {known_field("op"), known_field("id"), list_field("topics", add)});
  out = std::move(what);
  return err;
}

caf::error read_publish(dom::element x, const std::string& text, request& out) {
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
    what.data = slice(text, "data");
  out = std::move(what);
  return err;
}

caf::error read_request(dom::element x, const std::string& text, request& out) {
  std::string_view op;
  if (!x.is_object())
    return invalid("a request must be an object");
  if (x["op"].get(op))
    return invalid("\"op\" is missing, or no string");
  if (op == "publish")
    return read_publish(x, text, out);
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
  reading json{text};
  if (auto err = json.error()) {
    result.what = mistake(err);
    return result;
  }
  dom::element id;
  if (json.root().is_object() && !json.root()["id"].get(id)) {
    result.id = slice(text, "id");
    if (!is_id(id, result.id)) {
      result.id.clear();
      result.what =
        mistake(invalid("\"id\" must be a number or a string, of "
                        + std::to_string(request_id_bytes_max) + " bytes at most"));
      return result;
    }
  }
  if (auto err = read_request(json.root(), text, result.what))
    result.what = mistake(err);
  return result;
}

} // namespace sluice::json
