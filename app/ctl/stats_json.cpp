#include "app/http/stats_json.hpp"
#include "app/ctl/stats_text.hpp"
#include "app/http/actor_json.hpp"
#include "app/http/metrics_json.hpp"

namespace sluice::ctl {

using http::json_writer;

std::string actors_json(const actor_listing& all) {
  http::survey_reports states;
  for (const auto& [id, told] : all.states) {
    states.push_back(told);
    states.back().id = id;
  }
  return http::actors_json(all.actors, states);
}

std::string status_json(const service_status& x) {
  json_writer json;
  json.open_object()
    .member("version", x.version)
    .member("pid", x.process)
    .member("dataDir", x.data_dir);
  http::write_health(json, x.survey, x.totals, x.uptime_ms);
  return json.close_object().take();
}

std::string logs_json(const std::vector<named_log_stats>& all) {
  json_writer json;
  json.open_object();
  for (const auto& [log, stats] : all)
    http::write_log_stats(json.key(log), stats);
  return json.close_object().take();
}

std::string checkpoint_json(const checkpoint_report& x) {
  json_writer json;
  return json.open_object()
    .member("busy", x.busy)
    .member("walFrames", x.wal_frames)
    .member("checkpointed", x.checkpointed)
    .member("walBytes", x.wal_bytes)
    .close_object()
    .take();
}

std::string setting_json(const setting& x) {
  json_writer json;
  return json.open_object()
    .member("key", x.key)
    .key("value")
    .raw(x.value)
    .member("source", x.source)
    .member("live", x.live)
    .close_object()
    .take();
}

/// As `GET /v1/config`.
std::string settings_json(const std::vector<setting>& all) {
  json_writer json;
  json.open_object();
  for (const auto& x : all)
    json.key(x.key)
      .open_object()
      .key("value")
      .raw(x.value)
      .member("source", x.source)
      .member("live", x.live)
      .close_object();
  return json.close_object().take();
}

} // namespace sluice::ctl
