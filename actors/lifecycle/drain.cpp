#include "actors/lifecycle/drain.hpp"

#include "actors/lifecycle/child_table.hpp"
#include "messages/error.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice {

namespace {

/// Even past the deadline a stage may answer what it can answer at once.
constexpr caf::timespan grace = std::chrono::milliseconds{100};

caf::actor_addr address_of(const child& who) {
  return caf::actor_cast<caf::actor_addr>(who.handle);
}

} // namespace

drain::drain(supervisor_actor::pointer self, children all, caf::timespan deadline,
             receiver then)
    : self_(self), all_(std::move(all)), deadline_(self->clock().now() + deadline),
      then_(std::move(then)) {
  // nop
}

std::shared_ptr<drain> drain::begin(supervisor_actor::pointer self, children all,
                                    const std::set<std::string>& dead,
                                    caf::timespan deadline, receiver then) {
  std::shared_ptr<drain> one{new drain{self, std::move(all), deadline, std::move(then)}};
  one->dead_ = dead;
  one->cut_off();
  one->next_stage();
  return one;
}

void drain::next_stage() {
  while (awaited_.empty() && stage_ < stage_count) {
    for (const auto& who : all_)
      if (who.stops_at == static_cast<stage>(stage_)
          && !finished_.contains(address_of(who)))
        ask(who);
    ++stage_;
  }
  if (awaited_.empty() && then_)
    std::exchange(then_, nullptr)(std::move(reports_));
}

void drain::ask(const child& who) {
  awaited_.insert(address_of(who));
  auto left = std::chrono::duration_cast<caf::timespan>(deadline_ - self_->clock().now());
  self_->request(who.handle, std::max(left, grace), atom::stop_v)
    .then(
      [one = shared_from_this(), who](stop_report& report) {
        if (one->finishes(who)) {
          one->note(who, std::move(report));
          one->next_stage();
        }
      },
      [one = shared_from_this(), who](const caf::error& err) {
        if (one->finishes(who)) {
          one->end(who, err);
          one->next_stage();
        }
      });
}

// -- those that cannot finish
// -----------------------------------------------------

void drain::fell(const std::string& name) {
  dead_.insert(name);
  cut_off();
  next_stage();
}

void drain::cut_off() {
  std::set<std::string> there;
  for (const auto& who : all_)
    there.insert(who.name);
  const auto unfit = cut_off_by(dead_, there);
  for (const auto& who : all_)
    if (unfit.contains(who.name) && finishes(who))
      end(who, caf::make_error(ec::unavailable, "whom it hands its work to has died"));
}

std::string drain::awaited() const {
  std::vector<std::string> names;
  for (const auto& who : all_)
    if (awaited_.contains(address_of(who)))
      names.push_back(full_name(who.name, who.key));
  return joined(names);
}

std::vector<stop_report> drain::give_up() {
  then_ = nullptr;
  for (const auto& who : all_)
    if (who.stops_at && finishes(who))
      end(who, caf::sec::request_timeout);
  return std::move(reports_);
}

/// It did not finish.
void drain::end(const child& who, const caf::error& why) {
  self_->send_exit(who.handle, caf::exit_reason::kill);
  note(who, failure(who, why));
}

stop_report drain::failure(const child& who, const caf::error& err) {
  // A client that has left before it was asked to has nothing to bring to disk.
  if (who.stops_at == stage::delivery && err == caf::sec::request_receiver_down)
    return {who.name, who.key, 0, 0, ""};
  const auto late = err == caf::sec::request_timeout;
  return {who.name, who.key, 0, 1,
          late ? "did not finish within shutdown.deadline" : text_of(err)};
}

// -- answers
// ----------------------------------------------------------------------

void drain::note(const child& who, stop_report report) {
  // There may be thousands of clients: of them only what went wrong is told.
  if (who.stops_at != stage::delivery || report.left > 0)
    reports_.push_back(std::move(report));
}

/// Whether this is its end: it has one.
bool drain::finishes(const child& who) {
  awaited_.erase(address_of(who));
  return finished_.insert(address_of(who)).second;
}

} // namespace sluice
