// Care of the database: checkpoints, ANALYZE, VACUUM and the check of its pages.
#include "app/http/answers.hpp"
#include "app/http/router.hpp"

#include "actors/detail/json_input.hpp"

namespace sluice::http {

namespace {

void on_checkpoint(exchange& x, const checkpoint_report& report) {
  json_writer json;
  json.open_object()
    .member("busy", report.busy)
    .member("walFrames", report.wal_frames)
    .member("checkpointed", report.checkpointed)
    .member("walBytes", report.wal_bytes)
    .close_object();
  x.reply({200, json.take()});
}

void post_checkpoint(edge& e, const exchange_ptr& x) {
  auto mode = json::read_checkpoint(x->in.body);
  if (!mode)
    return x->refuse(mode.error());
  e.request(e.actors().actors.database, caf::infinite, atom::checkpoint_v, *mode)
    .then([x](const checkpoint_report& report) { on_checkpoint(*x, report); }, refuse(x));
}

void on_maintained(exchange& x, const maintenance_report& report) {
  json_writer json;
  json.open_object().member("ok", report.ok).key("errors").open_array();
  for (const auto& text : report.errors)
    json.value(text);
  x.reply({200, json.close_array().close_object().take()});
}

template <maintenance_kind Kind>
void post_maintenance(edge& e, const exchange_ptr& x) {
  e.request(e.actors().actors.database, caf::infinite, atom::maintain_v, Kind)
    .then([x](const maintenance_report& report) { on_maintained(*x, report); },
          refuse(x));
}

} // namespace

std::span<const route> database_care_routes() {
  using enum verb;
  using enum maintenance_kind;
  static constexpr route rows[] = {
    {post, "/v1/db/checkpoint", body_kind::json, post_checkpoint},
    care({post, "/v1/db/integrity-check", body_kind::none,
          post_maintenance<integrity_check>}),
    care({post, "/v1/db/analyze", body_kind::none, post_maintenance<analyze>}),
    care({post, "/v1/db/vacuum", body_kind::none, post_maintenance<vacuum>}),
  };
  return rows;
}

} // namespace sluice::http
