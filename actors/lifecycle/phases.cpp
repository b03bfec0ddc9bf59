#include "actors/lifecycle/phases.hpp"

#include <array>

namespace sluice {

namespace {

struct step {
  phase next;
  action what;
};

using row = std::array<step, phase_count>;

/// For each event what follows upon each phase, in the order in which those are declared.
// clang-format off
constexpr std::array<row, event_count> make_table() {
  using enum phase;
  return {{
    // start_asked
    {{{starting, action::start}, {starting, action::refuse}, {running, action::refuse},
      {clearing, action::refuse}, {renewing, action::refuse}, {waiting, action::refuse},
      {failed, action::refuse}, {stopping, action::refuse}}},
    // started
    {{{idle, action::none}, {running, action::serve}, {running, action::none},
      {clearing, action::none}, {running, action::serve}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
    // start_postponed
    {{{idle, action::none}, {failed, action::none}, {running, action::none},
      {clearing, action::none}, {waiting, action::postpone}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
    // start_failed
    {{{idle, action::none}, {failed, action::none}, {running, action::none},
      {clearing, action::none}, {failed, action::give_up}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
    // one_died
    {{{idle, action::none}, {starting, action::note}, {running, action::revive},
      {clearing, action::note}, {renewing, action::note}, {waiting, action::note},
      {failed, action::none}, {stopping, action::none}}},
    // joint_died
    {{{idle, action::none}, {starting, action::note}, {clearing, action::clear},
      {clearing, action::note}, {renewing, action::note}, {waiting, action::note},
      {failed, action::none}, {stopping, action::none}}},
    // cleared
    {{{idle, action::none}, {starting, action::none}, {running, action::none},
      {renewing, action::start}, {renewing, action::none}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
    // retry_due
    {{{idle, action::none}, {starting, action::none}, {running, action::none},
      {clearing, action::none}, {renewing, action::none}, {clearing, action::clear},
      {failed, action::none}, {stopping, action::none}}},
    // stop_asked
    {{{stopping, action::stop}, {starting, action::hold}, {stopping, action::stop},
      {clearing, action::hold}, {renewing, action::hold}, {stopping, action::stop},
      {stopping, action::stop}, {stopping, action::refuse}}},
    // stop_due
    {{{idle, action::none}, {stopping, action::stop}, {stopping, action::stop},
      {stopping, action::stop}, {stopping, action::stop}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
    // ones_came
    {{{idle, action::none}, {starting, action::none}, {running, action::none},
      {clearing, action::none}, {renewing, action::none}, {waiting, action::none},
      {failed, action::none}, {stopping, action::none}}},
  }};
}
// clang-format on

constexpr auto table = make_table();

constexpr std::array<std::string_view, phase_count> names{
  "idle", "starting", "running", "clearing", "renewing", "waiting", "failed", "stopping"};

} // namespace

std::string_view text_of(phase x) {
  return names[static_cast<size_t>(x)];
}

/// Where nothing is under way for which a stop would wait.
bool phases::is_at_rest() const {
  return (now_ == phase::running && !one_is_expected_) || now_ == phase::waiting
         || now_ == phase::failed;
}

action phases::on(event what) {
  if (stop_waits_ && what == event::stop_asked)
    return action::refuse;
  if (!stop_waits_ && what == event::stop_due)
    return action::none;
  if (what == event::stop_asked && now_ == phase::running && one_is_expected_) {
    stop_waits_ = true;
    return action::hold;
  }
  const auto& [next, todo] = table[static_cast<size_t>(what)][static_cast<size_t>(now_)];
  now_ = next;
  if (todo == action::hold)
    stop_waits_ = true;
  if (todo == action::stop)
    stop_waits_ = false;
  if (stop_waits_ && is_at_rest()) {
    stop_waits_ = false;
    now_ = phase::stopping;
    return action::stop;
  }
  return todo;
}

} // namespace sluice
