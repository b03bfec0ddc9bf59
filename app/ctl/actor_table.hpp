// The actors as people look at them: as a tree, or those with most to do first.
#pragma once

#include "messages/introspection.hpp"

#include <string>
#include <vector>

namespace sluice::ctl {

enum class order : uint8_t { tree, mailbox, work };

/// The head and a line for each.
std::vector<std::string> actor_lines(const actor_listing& all, order by,
                                     size_t columns_max = std::string::npos);

} // namespace sluice::ctl
