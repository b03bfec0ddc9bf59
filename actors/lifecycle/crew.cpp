#include "actors/lifecycle/crew.hpp"

#include "actors/lifecycle/child_table.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/default_attachable.hpp>

#include <exception>

namespace sluice {

/// Whoever is in the crew leaves it when `chief` hears of its death: one whose death
/// nobody would hear of is not in it, or its place would never be free.
void crew::enlist(const caf::actor_addr& who, post what, const caf::actor_addr& chief) {
  {
    std::lock_guard guard{mutex_};
    at_work_.emplace(who, std::move(what));
  }
  try {
    caf::actor_cast<caf::strong_actor_ptr>(who)->get()->attach(
      caf::default_attachable::make_monitor(who, chief));
  } catch (const std::exception&) {
    left(who);
    throw;
  }
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

std::string crew::names_of(const std::vector<caf::actor_addr>& these) const {
  std::lock_guard guard{mutex_};
  std::vector<std::string> names;
  for (const auto& each : these)
    if (const auto found = at_work_.find(each); found != at_work_.end())
      names.push_back(full_name(found->second.kind, found->second.whose));
  return joined(names);
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
