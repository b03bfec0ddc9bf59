#include "actors/lifecycle/crew.hpp"

#include "actors/lifecycle/child_table.hpp"

namespace sluice {

void crew::enlist(caf::actor_addr who, post what) {
  std::lock_guard guard{mutex_};
  at_work_.emplace(std::move(who), std::move(what));
}

void crew::left(const caf::actor_addr& who) {
  std::lock_guard guard{mutex_};
  at_work_.erase(who);
}

bool crew::has(const caf::actor_addr& who) const {
  std::lock_guard guard{mutex_};
  return at_work_.contains(who);
}

std::vector<caf::actor_addr> crew::all() const {
  std::lock_guard guard{mutex_};
  std::vector<caf::actor_addr> result;
  for (const auto& [who, what] : at_work_)
    result.push_back(who);
  return result;
}

std::vector<caf::actor_addr> crew::writing() const {
  std::lock_guard guard{mutex_};
  std::vector<caf::actor_addr> result;
  for (const auto& [who, what] : at_work_)
    if (!kind_of(what.kind).only_reads)
      result.push_back(who);
  return result;
}

std::vector<caf::actor_addr> crew::helpers_of(const std::string& whose) const {
  std::lock_guard guard{mutex_};
  std::vector<caf::actor_addr> result;
  for (const auto& [who, what] : at_work_)
    if (what.whose == whose)
      result.push_back(who);
  return result;
}

} // namespace sluice
