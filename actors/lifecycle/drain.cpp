#include "actors/lifecycle/drain.hpp"

#include "messages/error.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice {

namespace {

/// Even past the deadline a stage may answer what it can answer at once.
constexpr caf::timespan grace = std::chrono::milliseconds{100};

} // namespace

drain::drain(supervisor_actor::pointer self, children all, caf::timespan deadline,
             receiver then)
    : self_(self), all_(std::move(all)), deadline_(self->clock().now() + deadline),
      then_(std::move(then)) {
  // nop
}

std::shared_ptr<drain> drain::begin(supervisor_actor::pointer self, children all,
                                    caf::timespan deadline, receiver then) {
  std::shared_ptr<drain> one{new drain{self, std::move(all), deadline, std::move(then)}};
  one->next_stage();
  return one;
}

void drain::next_stage() {
  while (awaited_ == 0 && stage_ < stage_count) {
    for (const auto& who : all_)
      if (who.stops_at == static_cast<stage>(stage_))
        ask(who);
    ++stage_;
  }
  if (awaited_ > 0)
    return;
  then_(std::move(reports_));
}

void drain::ask(const child& who) {
  ++awaited_;
  auto left = std::chrono::duration_cast<caf::timespan>(deadline_ - self_->clock().now());
  self_->request(who.handle, std::max(left, grace), atom::stop_v)
    .then([one = shared_from_this(),
           who](stop_report& report) { one->arrived(who, std::move(report)); },
          [one = shared_from_this(), who](const caf::error& err) {
            one->self_->send_exit(who.handle, caf::exit_reason::kill);
            one->arrived(who, failure(who, err));
          });
}

stop_report drain::failure(const child& who, const caf::error& err) {
  // A client that has left before it was asked to has nothing to bring to disk.
  if (who.stops_at == stage::delivery && err == caf::sec::request_receiver_down)
    return {who.name, who.key, 0, 0, ""};
  const auto late = err == caf::sec::request_timeout;
  return {who.name, who.key, 0, 1,
          late ? "did not finish within shutdown.deadline" : text_of(err)};
}

void drain::arrived(const child& who, stop_report report) {
  // There may be thousands of clients: of them only what went wrong is told.
  if (who.stops_at != stage::delivery || report.left > 0)
    reports_.push_back(std::move(report));
  if (--awaited_ == 0)
    next_stage();
}

} // namespace sluice
