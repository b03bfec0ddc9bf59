// The actors, by their meters, each with its own state beside it if it tells in time.

#include "app/http/actor_json.hpp"
#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/survey_parts.hpp"

namespace sluice::http {

namespace {

void reply_actors(const edge& e, exchange& x, const std::vector<actor_entry>& all,
                  const survey_reports& survey) {
  auto what = reply_text(e, actors_json(all, survey));
  what.on_room = claim::kept_back;
  x.reply(std::move(what));
}

/// The meters are read last: they show what the actors are at now.
void list(edge& e, const exchange_ptr& x, const survey_reports& survey) {
  e.request(e.actors().actors.directory, telling_time_max, atom::actors_v)
    .then([&e, x, survey](
            const std::vector<actor_entry>& all) { reply_actors(e, *x, all, survey); },
          refuse(x));
}

void get_actors(edge& e, const exchange_ptr& x) {
  const auto wanted = query_reader{x->in.query}.flag("state", true);
  if (!wanted)
    return x->refuse(wanted.error());
  if (!*wanted)
    return list(e, x, {});
  e.request(e.actors().supervisor, telling_time_max, atom::survey_v)
    .then([&e, x](const survey_reports& survey) { list(e, x, survey); },
          // Without their states, then.
          [&e, x](const caf::error&) { list(e, x, {}); });
}

} // namespace

std::span<const route> actor_routes() {
  using enum verb;
  static constexpr route rows[] = {
    shared({get, "/v1/actors", body_kind::none, get_actors, {"state"}}),
  };
  return rows;
}

} // namespace sluice::http
