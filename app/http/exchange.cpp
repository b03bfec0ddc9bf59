#include "app/http/exchange.hpp"

#include "app/http/problem.hpp"

#include <exception>

namespace sluice::http {

exchange::~exchange() {
  if (!sink_)
    return;
  try {
    reply(problem(ec::unavailable, "the request was given up"));
  } catch (const std::exception&) {
    // There was no memory for words.
    reply({503, {}, "application/json", {}, true});
  }
}

void exchange::reply(answer what) {
  if (auto sink = std::exchange(sink_, nullptr)) {
    in.charge = {};
    what.room = std::move(in.room);
    sink->on_answer(std::move(what));
  }
}

void exchange::refuse(const caf::error& why) {
  reply(problem(why));
}

} // namespace sluice::http
