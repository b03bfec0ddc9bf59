#include "actors/lifecycle/survey.hpp"

#include "actors/detail/alert_sum.hpp"
#include "actors/detail/wall_clock.hpp"
#include "messages/error.hpp"

#include <memory>
#include <utility>

namespace sluice {

namespace {

/// Whoever asks gets an answer of a bounded size, however many names others have chosen.
void sum_up(std::vector<status_report>& reports) {
  detail::sum_up_alerts(reports);
  for (auto& report : reports) {
    for (auto& x : report.checks)
      detail::shorten(x.detail, detail::told_bytes_max);
    for (auto& x : report.state)
      if (auto* words = caf::get_if<std::string>(&x.value))
        detail::shorten(*words, detail::told_bytes_max);
  }
}

struct progress {
  std::vector<status_report> reports;
  size_t awaited;
  std::shared_ptr<trouble_memory> memory;
  detail::owed<std::vector<status_report>> answer;

  void arrived(size_t index, uint64_t id, status_report report) {
    reports[index] = std::move(report);
    reports[index].id = id;
    if (--awaited > 0)
      return;
    memory->complete(reports);
    sum_up(reports);
    answer.deliver(std::move(reports));
  }
};

status_report silent(const child& who, const caf::error& err) {
  auto words = who.name + (who.key.empty() ? "" : " " + who.key)
               + (err == caf::sec::request_timeout ? " is busy and does not answer"
                                                   : " has ended: " + text_of(err));
  status_report report;
  report.name = who.name;
  report.key = who.key;
  report.alerts = {{"actor-silent", words, detail::wall_clock_ms()}};
  return report;
}

} // namespace

void survey(supervisor_actor::pointer self, const children& all, caf::timespan timeout,
            status_report own, const std::shared_ptr<trouble_memory>& memory,
            detail::owed<std::vector<status_report>> answer) {
  std::vector<status_report> reports(all.size());
  reports.push_back(std::move(own));
  if (all.empty()) {
    memory->complete(reports);
    answer.deliver(std::move(reports));
    return;
  }
  auto state = std::make_shared<progress>(
    progress{std::move(reports), all.size(), memory, std::move(answer)});
  for (size_t i = 0; i < all.size(); ++i) {
    const auto id = all[i].handle->id();
    self->request<caf::message_priority::high>(all[i].handle, timeout, atom::status_v)
      .then([state, i,
             id](status_report& report) { state->arrived(i, id, std::move(report)); },
            [state, i, id, who = all[i]](const caf::error& err) {
              state->memory->silence();
              state->arrived(i, id, silent(who, err));
            });
  }
}

} // namespace sluice
