// What the gate cannot do, whatever happens to it.
#pragma once

#include <string>
#include <vector>

namespace sluice::gate {

/// Gives up, for good and for all threads that are started later: every capability, the
/// way to get any, every file that is not open already, and being looked into or dumped.
/// What lies beside one of the `renewed`, or beside the file that one is a link to, may
/// still be read: a certificate is renewed by another file of its name. Returns, in
/// words, what this kernel could not take away.
std::vector<std::string> give_up_rights(const std::vector<std::string>& renewed);

} // namespace sluice::gate
