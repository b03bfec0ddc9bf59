#include "actors/lifecycle/trouble_memory.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

void trouble_memory::ended(uint64_t actor_id) {
  auto known = told_.find(actor_id);
  if (known == told_.end())
    return;
  for (const auto& [id, times] : known->second)
    past_[id] += times;
  told_.erase(known);
}

void trouble_memory::complete(std::vector<status_report>& reports) {
  auto own = reports.end() - 1;
  for (auto each = reports.begin(); each != own; ++each) {
    const auto news = std::exchange(each->troubles, {});
    auto known = told_.find(each->id);
    if (known == told_.end())
      continue;
    for (const auto& x : news) {
      auto& times = known->second[x.id];
      times = std::max(times, x.times);
    }
    for (const auto& [id, times] : known->second)
      each->troubles.push_back({id, times});
  }
  own->troubles.push_back({"actor-silent", silences_});
  for (const auto& [id, times] : past_)
    own->troubles.push_back({id, times});
}

} // namespace sluice
