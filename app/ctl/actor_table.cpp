#include "app/ctl/actor_table.hpp"

#include "actors/detail/alert_sum.hpp"
#include "app/ctl/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace sluice::ctl {

namespace {

struct line_of {
  const actor_entry* who;
  size_t depth;
};

using family = std::multimap<uint64_t, const actor_entry*>;

// An actor that is its own ancestor would be listed for ever.
constexpr size_t depth_max = 16;

void add_children(const family& all, uint64_t parent, size_t depth,
                  std::vector<line_of>& to) {
  const auto [begin, end] = all.equal_range(parent);
  for (auto i = begin; i != end; ++i) {
    to.push_back({i->second, depth});
    if (depth < depth_max)
      add_children(all, i->second->id, depth + 1, to);
  }
}

/// Whose parent is not listed is at the root.
std::vector<line_of> as_tree(const std::vector<actor_entry>& all) {
  std::set<uint64_t> ids;
  for (const auto& each : all)
    ids.insert(each.id);
  family by_parent;
  for (const auto& each : all)
    by_parent.emplace(ids.contains(each.parent) ? each.parent : 0, &each);
  std::vector<line_of> result;
  add_children(by_parent, 0, 0, result);
  return result;
}

std::vector<line_of> sorted(const std::vector<actor_entry>& all, order by) {
  std::vector<line_of> result;
  result.reserve(all.size());
  for (const auto& each : all)
    result.push_back({&each, 0});
  std::stable_sort(result.begin(), result.end(), [by](const auto& x, const auto& y) {
    return by == order::mailbox ? x.who->mailbox > y.who->mailbox
                                : x.who->busy_percent > y.who->busy_percent;
  });
  return result;
}

std::string text_of_value(const named_value& x) {
  if (const auto* number = caf::get_if<double>(&x.value))
    return count_text(*number);
  if (const auto* number = caf::get_if<int64_t>(&x.value))
    return std::to_string(*number);
  if (const auto* flag = caf::get_if<bool>(&x.value))
    return *flag ? "yes" : "no";
  return caf::get<std::string>(x.value);
}

std::string state_of(const actor_entry& who, const status_report* told) {
  constexpr uint64_t stuck_ms = 1000;
  std::string result;
  if (who.running_ms >= stuck_ms)
    result = "at one message for " + span_text(static_cast<int64_t>(who.running_ms));
  if (!who.last_error.empty())
    result += (result.empty() ? "" : "; ") + ("last died of: " + who.last_error);
  if (!told)
    return result;
  for (const auto& each : told->alerts)
    result += (result.empty() ? "! " : "; ! ") + detail::words_of(each);
  for (const auto& each : told->state)
    result += (result.empty() ? "" : " ") + each.name + '=' + text_of_value(each);
  return result;
}

} // namespace

std::vector<std::string> actor_lines(const actor_listing& all, order by,
                                     size_t columns_max) {
  std::map<uint64_t, const status_report*> told;
  for (const auto& [id, report] : all.states)
    told.emplace(id, &report);
  table result;
  result.add(
    {"ACTOR", "ID", "MAILBOX", "MSG/S", "BUSY%", "P50", "P99", "RESTARTS", "STATE"});
  for (const auto& [who, depth] :
       by == order::tree ? as_tree(all.actors) : sorted(all.actors, by)) {
    const auto state = told.find(who->id);
    result.add(
      {std::string(2 * depth, ' ') + who->name + (who->key.empty() ? "" : " " + who->key),
       std::to_string(who->id), std::to_string(who->mailbox),
       count_text(who->handled_per_second), fmt::format("{:.1f}", who->busy_percent),
       time_text(who->p50_ns), time_text(who->p99_ns), std::to_string(who->restarts),
       state_of(*who, state == told.end() ? nullptr : state->second)});
  }
  return result.lines(columns_max);
}

} // namespace sluice::ctl
