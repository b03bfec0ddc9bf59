// A RENEWAL is what a supervisor keeps in mind while actors are started anew: who has to
// be gone first, who died meanwhile, and who could not be started so far.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/lifecycle/children.hpp"

#include <caf/actor_addr.hpp>

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice {

struct renewal {
  /// Who is drained, and must be gone before others take their place; whether the drain
  /// is done.
  std::unordered_set<caf::actor_addr> leaving;
  bool all_drained = false;
  /// Who died, and of what, while others were started anew.
  std::vector<std::pair<child, std::string>> fallen;
  /// Who could not be started; whether that is so of those that start together.
  children missing;
  bool together_missing = false;
  detail::growing_pause pause;
  detail::trouble trouble{"actor-not-started"};
};

} // namespace sluice
