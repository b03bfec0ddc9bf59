// CAF's broker of its protocol, without asking everybody who comes in for a server of
// spawns: it would keep what it learns for each of them for good.
#pragma once

#include <caf/io/basp_broker.hpp>

namespace sluice::wire {

class quiet_broker : public caf::io::basp_broker {
public:
  using basp_broker::basp_broker;

  void learned_new_node_directly(const caf::node_id&, bool) override {
    // nop
  }
};

} // namespace sluice::wire
