// The TROUBLE MEMORY of a supervisor has what actors told of their troubles outlive them:
// an actor that is started anew counts from 0, but the sum over all, which people watch
// and graph, never falls. What one has counted and not told when it dies is lost.
#pragma once

#include "messages/status.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice {

class trouble_memory {
public:
  void began(uint64_t actor_id) { told_.try_emplace(actor_id); }
  void ended(uint64_t actor_id);
  /// It is about to end, and whoever comes next goes on from what it counted.
  void handed_over(uint64_t actor_id) { told_.erase(actor_id); }

  /// An actor did not answer a survey.
  void silence() { ++silences_; }

  /// Completes the reports of a survey, the last of which is the supervisor's: who was
  /// silent has the troubles that it told last, who has ended meanwhile has none, and the
  /// supervisor has those of all that have ended.
  void complete(std::vector<status_report>& reports);

private:
  /// By the trouble's id, of which the code has a few dozen.
  using counts = std::map<std::string, uint64_t>;

  std::unordered_map<uint64_t, counts> told_;
  counts past_;
  uint64_t silences_ = 0;
};

} // namespace sluice
