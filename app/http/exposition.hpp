// The numbers of the service in Prometheus' text format.
#pragma once

#include "app/http/survey_parts.hpp"
#include "messages/directory.hpp"
#include "messages/metrics_aggregator.hpp"

#include <string>
#include <vector>

namespace sluice::http {

inline constexpr auto exposition_type = "text/plain; version=0.0.4; charset=utf-8";

/// What all actors told at about the same time.
struct exposed {
  survey_reports survey;
  metrics_totals totals;
  ledger_report ledger;
  /// Accounts of a subsystem that are told of by name.
  uint64_t names_max = 256;
  /// And what those did that have ended.
  std::vector<actor_entry> actors;
  int64_t uptime_ms = 0;
};

std::string exposition(const exposed& x);

} // namespace sluice::http
