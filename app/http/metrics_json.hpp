// The service's health and its windows as JSON, for whoever asks over HTTP or with
// sluicectl.
#pragma once

#include "app/http/survey_parts.hpp"
#include "messages/metrics_aggregator.hpp"

#include <string>
#include <vector>

namespace sluice::http {

void write_health(json_writer& json, const survey_reports& survey,
                  const metrics_totals& totals, int64_t uptime_ms);

/// What `write_health` writes, as an object.
std::string health_json(const survey_reports& survey, const metrics_totals& totals,
                        int64_t uptime_ms);

std::string window_json(const metrics_window& window);

/// Of several an array.
std::string windows_json(const std::vector<metrics_window>& windows);

} // namespace sluice::http
