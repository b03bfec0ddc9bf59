// RFC 7396, JSON merge patch, on bytes: what a patch does not touch stays as it was
// written, down to the spelling of a number.
#pragma once

#include "messages/credit.hpp"

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace sluice {

/// Returns `target` with `patch` merged in, in time linear in both. Both were checked
/// before; the result nests no deeper than the deeper of the two. Names are the same
/// if they are without their escapes. Where a name stands twice, the last one counts.
std::string merge_patch(std::string_view target, std::string_view patch);

/// The same, if what it takes in memory for the moment can be drawn as well.
caf::expected<std::string> try_merge_patch(std::string_view target,
                                           std::string_view patch, credit charge);

} // namespace sluice
