// The clients of topics: a batcher for each, made on request, that ends with it.

#include "actors/lifecycle/supervisor.hpp"

#include <utility>

namespace sluice {

caf::result<ws_batcher_actor> supervisor_state::connect(ws_connection& client) {
  if (auto err = closed())
    return err;
  auto batcher = spawn_child(std::to_string(client.id), ws_batcher, config_.batchers,
                             topics_, std::move(client));
  batchers_.emplace(caf::actor_cast<caf::actor_addr>(batcher), batcher);
  return batcher;
}

std::vector<ws_batcher_actor> supervisor_state::clients() const {
  std::vector<ws_batcher_actor> result;
  for (const auto& [address, batcher] : batchers_)
    result.push_back(batcher);
  return result;
}

children supervisor_state::with_batchers() const {
  auto result = children_.all();
  for (const auto& [address, batcher] : batchers_)
    result.push_back({"ws-batcher", "", batcher, stage::delivery});
  return result;
}

} // namespace sluice
