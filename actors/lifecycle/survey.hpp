// A SURVEY asks all children how they are, at once and ahead of their other work, and
// answers when the last has told or its time is over: one that is stuck shows as such
// and holds nobody up.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/lifecycle/children.hpp"
#include "actors/lifecycle/trouble_memory.hpp"
#include "messages/supervisor.hpp"

#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice {

/// Asks each child, waiting at most `timeout`, and delivers the reports in the order
/// of the children, and behind them `own`, all with their troubles as `memory` has them.
/// Of alerts that are alike a few are told, and counted.
void survey(supervisor_actor::pointer self, const children& all, caf::timespan timeout,
            status_report own, const std::shared_ptr<trouble_memory>& memory,
            detail::owed<std::vector<status_report>> answer);

} // namespace sluice
