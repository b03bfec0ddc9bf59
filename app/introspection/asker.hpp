// Who ASKS, as far as somebody here vouches for it: the kernel, or a certificate. What a
// request says of whoever sent it is a claim.
#pragma once

#include "app/introspection/peer_check.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace sluice::wire {

/// Words for whoever is at the other end of a socket, and for whom he says that he asks;
/// empty: he says nothing.
using asker_words = std::function<std::string(int fd, const std::string& claim)>;

/// What the kernel says. A claim comes behind it: it is as good as the user who makes it.
std::string asker_by_kernel(int fd, const std::string& claim);

/// The request as it is to be handed on: where it names its asker, that is what `words`
/// makes of the claim.
std::string with_asker(std::string_view request, const served& by,
                       const std::function<std::string(const std::string&)>& words);

} // namespace sluice::wire
