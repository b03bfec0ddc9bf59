#include "actors/observe/directory.hpp"

#include "actors/observe/instrumented.hpp"

#include <algorithm>
#include <numeric>

namespace sluice {

namespace {

constexpr double ns_per_second = 1e9;
constexpr uint64_t ns_per_ms = 1'000'000;

/// How many messages took how long since then.
time_buckets since(const time_buckets& then, const time_buckets& now) {
  time_buckets result{};
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = now[i] - then[i];
  return result;
}

/// What `share` of the messages took at most; `longest` is the longest ever.
uint64_t quantile(const time_buckets& times, double share, uint64_t longest) {
  const auto count = std::accumulate(times.begin(), times.end(), uint64_t{0});
  auto left = static_cast<uint64_t>(static_cast<double>(count) * share);
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] > left)
      return std::min(uint64_t{1} << i, longest);
    left -= times[i];
  }
  return count > 0 ? longest : 0;
}

/// The longest of them.
uint64_t most(const time_buckets& times, uint64_t longest) {
  for (size_t i = times.size(); i-- > 0;)
    if (times[i] > 0)
      return std::min(uint64_t{1} << i, longest);
  return 0;
}

uint64_t ms_since(uint64_t then, uint64_t now) {
  return then == 0 || now < then ? 0 : (now - then) / ns_per_ms;
}

} // namespace

void directory_state::init(directory_config config) {
  config_ = config;
  self_->delayed_send(self_, config_.window, atom::tick_v);
}

void directory_state::enter(const directory_entrance& who) {
  const auto start = mark_of(*who.meter);
  listed_.insert_or_assign(who.meter->id(), listed{who.meter, start, start});
  const auto& label = who.meter->label;
  if (label.restarts == 0)
    return;
  auto& known = restarts_[{who.meter->name, label.key}];
  if (label.restarts <= known)
    return;
  past_of(who.meter->name).restarts += label.restarts - known;
  known = label.restarts;
}

std::vector<actor_entry> directory_state::actors() {
  forget_the_dead();
  std::vector<actor_entry> result;
  result.reserve(listed_.size());
  for (const auto& [id, who] : listed_)
    result.push_back(entry_of(who));
  return result;
}

std::vector<actor_entry> directory_state::totals() {
  auto result = actors();
  for (const auto& [kind, past] : pasts_)
    result.push_back(past);
  return result;
}

void directory_state::on_tick() {
  self_->delayed_send(self_, config_.window, atom::tick_v);
  forget_the_dead();
  for (auto& [id, who] : listed_) {
    who.before = who.now;
    who.now = mark_of(*who.meter);
  }
}

directory_state::mark directory_state::mark_of(const actor_meter& meter) {
  const auto reading = meter.read();
  return {coarse_now(), reading.handled, reading.busy_ns + reading.running_ns,
          reading.buckets};
}

actor_entry directory_state::entry_of(const listed& who) {
  const auto& label = who.meter->label;
  const auto reading = who.meter->read();
  const auto now = coarse_now();
  const auto times = since(who.before.buckets, reading.buckets);
  const auto elapsed = static_cast<double>(std::max<uint64_t>(now - who.before.at, 1));
  // A message that ran at the mark may not be among those that were timed.
  const auto busy = std::max(reading.busy_ns + reading.running_ns, who.before.busy_ns);
  actor_entry result;
  result.name = who.meter->name;
  result.key = label.key;
  result.id = who.meter->id();
  result.parent = label.parent;
  result.started_ms = who.meter->started_ms;
  result.mailbox = reading.mailbox;
  result.handled = reading.handled;
  result.skipped = reading.skipped;
  result.busy_ns = reading.busy_ns;
  result.times = reading.buckets;
  result.handled_per_second =
    static_cast<double>(reading.handled - who.before.handled) * ns_per_second / elapsed;
  result.busy_percent =
    std::min(100.0, static_cast<double>(busy - who.before.busy_ns) * 100 / elapsed);
  result.p50_ns = quantile(times, 0.5, reading.max_ns);
  result.p99_ns = quantile(times, 0.99, reading.max_ns);
  result.max_ns = most(times, reading.max_ns);
  result.running_ms = ms_since(reading.running_since, now);
  result.oldest_ms = ms_since(reading.waiting_since, now);
  result.restarts = label.restarts;
  result.last_error = label.last_error;
  return result;
}

void directory_state::forget_the_dead() {
  std::erase_if(listed_, [this](const auto& x) {
    const auto& meter = *x.second.meter;
    if (!meter.has_ended())
      return false;
    const auto last = meter.read();
    auto& past = past_of(meter.name);
    past.handled += last.handled;
    past.skipped += last.skipped;
    past.busy_ns += last.busy_ns;
    for (size_t i = 0; i < past.times.size(); ++i)
      past.times[i] += last.buckets[i];
    return true;
  });
}

actor_entry& directory_state::past_of(const std::string& kind) {
  auto& past = pasts_[kind];
  past.name = kind;
  return past;
}

status_report directory_state::status() {
  forget_the_dead();
  return {"directory", "", 0, {{"actors", static_cast<int64_t>(listed_.size())}}, {}, {}};
}

stop_report directory_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

directory_actor start_directory(caf::actor_system& sys, directory_config config) {
  auto [result, entrance] = spawn_metered(sys, {}, directory, config);
  caf::anon_send(result, atom::enter_v, std::move(entrance));
  return result;
}

directory_actor::behavior_type
directory(directory_actor::stateful_pointer<directory_state> self,
          directory_config config) {
  auto& state = self->state;
  state.init(config);
  return {
    [&state](atom::enter, const directory_entrance& who) { state.enter(who); },
    [&state](atom::actors) { return state.actors(); },
    [&state](atom::totals) { return state.totals(); },
    [&state](atom::tick) { state.on_tick(); },
    [&state](atom::status) { return state.status(); },
    [&state](atom::stop) { return state.stop(); },
  };
}

} // namespace sluice
