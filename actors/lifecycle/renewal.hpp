// A RENEWAL is what a supervisor keeps in mind of those who are started anew:
// who died meanwhile, for whose helpers a successor waits, and who could not be
// started so far.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/lifecycle/children.hpp"
#include "actors/lifecycle/drain.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_clock.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>

namespace sluice {

struct renewal {
  /// Lets those go who are started together; null once they had their time.
  std::shared_ptr<drain> leaving;
  /// Who is to be started anew on request, and when.
  std::multimap<caf::actor_clock::time_point, caf::actor_addr> doomed;
  /// Who died, and is started anew when the others are there.
  children fallen;
  /// Who is to be started anew alone, and has not ended yet, or has helpers that did not.
  children held_up;
  /// Who could not be started, and who is not to be.
  children missing;
  children lost;
  caf::actor_clock::time_point retry_at = {};
  detail::growing_pause pause;
  detail::trouble trouble{"actor-not-started"};

  /// The names of those who are not there.
  std::set<std::string> dead() const {
    std::set<std::string> result;
    for (const auto* all : {&fallen, &held_up, &missing, &lost})
      for (const auto& x : *all)
        result.insert(x.name);
    return result;
  }
};

} // namespace sluice
