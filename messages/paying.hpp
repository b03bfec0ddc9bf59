// Paying for what a request becomes: it may take far more memory than what was sent.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <string>

namespace sluice {

/// Draws more; `overloaded` if others hold too much, `too_large` if it is too much for
/// anybody.
inline caf::error draw_more(credit from, size_t bytes) {
  if (from.try_grow(bytes))
    return caf::none;
  if (from.could_hold(from.bytes() + bytes))
    return caf::make_error(ec::overloaded,
                           std::string{"too many bytes are on their way to the disk"});
  return caf::make_error(
    ec::too_large, std::string{"what the body holds takes more memory than "
                               "http.max-in-flight-bytes allows; send it in parts"});
}

} // namespace sluice
