// What Prometheus scrapes.

#include "app/http/answers.hpp"
#include "app/http/exposition.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"

#include <memory>

namespace sluice::http {

namespace {

/// What those who are asked, side by side, have told so far.
struct gathering {
  explicit gathering(exchange_ptr asked) : x(std::move(asked)) {}

  void arrived(const edge& e) {
    if (--awaited > 0)
      return;
    if (failure)
      return x->refuse(failure);
    all.uptime_ms = e.uptime_ms();
    all.names_max = e.settings().max_names;
    auto what = reply_text(e, exposition(all), exposition_type);
    what.on_room = claim::kept_back;
    x->reply(std::move(what));
  }

  exchange_ptr x;
  exposed all;
  caf::error failure;
  int awaited = 4;
};

template <class Told, class Handle, class Atom>
void gather(edge& e, const std::shared_ptr<gathering>& round, Told exposed::*part,
            const Handle& who, Atom what) {
  e.request(who, telling_time_max, what)
    .then(
      [&e, round, part](Told& told) {
        round->all.*part = std::move(told);
        round->arrived(e);
      },
      [&e, round](caf::error& why) {
        round->failure = std::move(why);
        round->arrived(e);
      });
}

void get_exposition(edge& e, const exchange_ptr& x) {
  auto round = std::make_shared<gathering>(x);
  const auto& actors = e.actors().actors;
  gather(e, round, &exposed::survey, e.actors().supervisor, atom::survey_v);
  gather(e, round, &exposed::totals, actors.metrics, atom::totals_v);
  gather(e, round, &exposed::ledger, actors.metrics, atom::ledger_v);
  gather(e, round, &exposed::actors, actors.directory, atom::totals_v);
}

} // namespace

std::span<const route> exposition_routes() {
  using enum verb;
  static constexpr route rows[] = {
    shared({get, "/metrics", body_kind::none, get_exposition}),
  };
  return rows;
}

} // namespace sluice::http
