// A keeper of the spool that counts how often it is told to look after it.
#pragma once

#include "messages/spool_keeper.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

#include <caf/test/dsl.hpp>

namespace sluice::test {

inline spool_keeper_actor::behavior_type mock_keeper(spool_keeper_actor::pointer,
                                                     const std::shared_ptr<int>& told) {
  return {
    [told](atom::check) { ++*told; },
    [](atom::retry, uint64_t) { CAF_FAIL("unexpected retry"); },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

} // namespace sluice::test
