#include "actors/lifecycle/crew.hpp"

namespace sluice {

void crew::enlist(caf::actor_addr who, std::string whose) {
  std::lock_guard guard{mutex_};
  at_work_.emplace(std::move(who), std::move(whose));
}

void crew::left(const caf::actor_addr& who) {
  std::lock_guard guard{mutex_};
  at_work_.erase(who);
}

std::vector<caf::actor_addr> crew::all() const {
  std::lock_guard guard{mutex_};
  std::vector<caf::actor_addr> result;
  for (const auto& [who, whose] : at_work_)
    result.push_back(who);
  return result;
}

std::vector<caf::actor_addr> crew::helpers_of(const std::string& whose) const {
  std::lock_guard guard{mutex_};
  std::vector<caf::actor_addr> result;
  for (const auto& [who, owner] : at_work_)
    if (owner == whose)
      result.push_back(who);
  return result;
}

} // namespace sluice
