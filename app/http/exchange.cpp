#include "app/http/exchange.hpp"

#include "app/http/problem.hpp"

namespace sluice::http {

exchange::~exchange() {
  reply(problem(ec::unavailable, "the request was given up"));
}

void exchange::reply(answer what) {
  if (auto sink = std::exchange(sink_, nullptr)) {
    in.charge = {};
    sink->on_answer(std::move(what));
  }
}

void exchange::refuse(const caf::error& why) {
  reply(problem(why));
}

} // namespace sluice::http
