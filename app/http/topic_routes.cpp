// Topics over HTTP: a message, and who is connected.

#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/stats_json.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::http {

namespace {

caf::expected<bool> wants_critical(const request& in) {
  auto word = query_reader{in.query}.text("priority");
  if (!word)
    return word.error();
  const auto given = word->value_or("normal");
  if (given != "normal" && given != "critical")
    return caf::make_error(ec::invalid_argument,
                           std::string{"'priority' is normal or critical"});
  return given == "critical";
}

void post_message(edge& e, const exchange_ptr& x) {
  const auto critical = wants_critical(x->in);
  if (!critical)
    return x->refuse(critical.error());
  if (auto err = check_name(x->in.captures[0]))
    return x->refuse(err);
  if (auto err = json::check_value(x->in.body))
    return x->refuse(err);
  publication what{x->in.captures[0], std::move(x->in.body), *critical,
                   std::exchange(x->in.charge, {})};
  e.request(e.actors().actors.topics, caf::infinite, atom::publish_v, std::move(what))
    .then(
      [x](const publish_receipt& receipt) {
        json_writer json;
        json.open_object()
          .member("seq", receipt.seq)
          .member("subscribers", receipt.subscribers)
          .close_object();
        x->reply({202, json.take()});
      },
      refuse(x));
}

// -- who is connected ---------------------------------------------------------------

/// What the clients that were asked have told so far. One that left meanwhile is none.
struct roll_call {
  explicit roll_call(exchange_ptr asked) : x(std::move(asked)) {}

  void finish(const edge& e) {
    x->reply(reply_text(e, connections_json(std::move(all))));
  }

  exchange_ptr x;
  std::vector<ws_connection_stats> all;
  size_t awaited = 0;
};

void ask_all(edge& e, const exchange_ptr& x,
             const std::vector<ws_batcher_actor>& clients) {
  auto roll = std::make_shared<roll_call>(x);
  roll->awaited = clients.size();
  if (clients.empty())
    return roll->finish(e);
  const auto one_less = [&e, roll] {
    if (--roll->awaited == 0)
      roll->finish(e);
  };
  for (const auto& each : clients)
    e.request(each, telling_time_max, atom::stats_v)
      .then(
        [roll, one_less](const ws_connection_stats& numbers) {
          roll->all.push_back(numbers);
          one_less();
        },
        [one_less](const caf::error&) { one_less(); });
}

void get_connections(edge& e, const exchange_ptr& x) {
  e.request(e.actors().supervisor, telling_time_max, atom::clients_v)
    .then(
      [&e, x](const std::vector<ws_batcher_actor>& clients) { ask_all(e, x, clients); },
      refuse(x));
}

} // namespace

std::span<const route> topic_routes() {
  using enum verb;
  static constexpr route rows[] = {
    {post, "/v1/topics/{}", body_kind::json, post_message, {"priority"}},
    shared({get, "/v1/connections", body_kind::none, get_connections}),
    {get, "/v1/ws", body_kind::none, nullptr, {"token"}, false, true},
  };
  return rows;
}

} // namespace sluice::http
