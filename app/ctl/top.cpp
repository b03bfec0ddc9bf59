#include "app/ctl/actor_table.hpp"
#include "app/ctl/commands.hpp"
#include "app/ctl/live.hpp"
#include "app/ctl/terminal.hpp"
#include "app/ctl/text.hpp"
#include "app/printable.hpp"
#include "app/standard_streams.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace sluice::ctl {

namespace {

constexpr auto patience = std::chrono::seconds{5};
constexpr int pause_ms = 1000;

caf::expected<actor_listing> look(wire::client& service) {
  return service.ask<actor_listing>(patience, atom::actors_v, true);
}

std::string summary(const actor_listing& all, order by) {
  uint64_t waiting = 0;
  double handled = 0;
  double busy = 0;
  for (const auto& each : all.actors) {
    waiting += each.mailbox;
    handled += each.handled_per_second;
    busy += each.busy_percent;
  }
  return fmt::format(
    "{} actors, {} waiting, {} msg/s, {:.1f}% busy; by {} (m, w), q ends",
    all.actors.size(), waiting, count_text(handled), busy,
    by == order::mailbox ? "mailbox" : "work");
}

/// What there is to see now: of a service that is gone that it is gone.
std::vector<std::string> picture(wire::client& service, order by) {
  auto all = look(service);
  if (!all) {
    const auto lost = printable(text_of(all.error()));
    if (auto err = service.connect())
      return {printable(text_of(err))};
    return {lost + "; connected again"};
  }
  auto lines = actor_lines(*all, by);
  lines.insert(lines.begin(), summary(*all, by));
  return lines;
}

} // namespace

exit_code run_top(wire::client& service) {
  auto by = order::work;
  if (!terminal::is_there()) {
    auto all = look(service);
    if (!all)
      return refuse(all.error());
    print(summary(*all, by) + '\n');
    for (const auto& line : actor_lines(*all, by))
      print(line + '\n');
    return done;
  }
  terminal screen;
  for (;;) {
    screen.show(picture(service, by));
    const auto pressed = screen.key(pause_ms);
    if (pressed == 'q')
      return done;
    if (pressed == 'm')
      by = order::mailbox;
    if (pressed == 'w')
      by = order::work;
  }
}

} // namespace sluice::ctl
