// What a survey of the actors says, in the parts of which answers about health are made.
#pragma once

#include "app/http/json_writer.hpp"
#include "messages/status.hpp"

#include <map>
#include <string>
#include <vector>

namespace sluice::http {

using survey_reports = std::vector<status_report>;

/// Each condition once, by name: of several actors' the one that fails.
std::map<std::string, check> checks_of(const survey_reports& survey);
bool all_ok(const std::map<std::string, check>& checks);

void write_checks(json_writer& json, const std::map<std::string, check>& checks);

/// Writes the alerts; returns how many there are, those included that they stand for.
uint64_t write_alerts(json_writer& json, const survey_reports& survey);

/// How often each trouble came up, over all actors.
void write_troubles(json_writer& json, const survey_reports& survey);

/// The spool's fill, as its keeper tells it; nothing where there is no spool.
void write_spool(json_writer& json, const survey_reports& survey);

} // namespace sluice::http
