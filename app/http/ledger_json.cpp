#include "app/http/ledger_json.hpp"

#include "app/http/json_writer.hpp"
#include "app/http/ledger_sums.hpp"

namespace sluice::http {

namespace {

/// Into an open object.
void write_counts(json_writer& json, const ledger_counts& x) {
  json.member("requests", x.requests)
    .member("bytesRequested", x.bytes_requested)
    .member("writes", x.writes)
    .member("bytesWritten", x.bytes_written)
    .member("syncs", x.syncs)
    .member("reductionPercent", reduction_percent(x));
}

/// As members of an object; what a subsystem's accounts are depends on it.
void write_subsystem(json_writer& json, const std::string& name,
                     const subsystem_sums& x) {
  json.key(name).open_object();
  write_counts(json, x.total);
  if (name != "database") {
    json.key(name == "log" ? "logs" : "stores").open_object();
    for (const auto& [account, counts] : x.accounts) {
      json.key(account).open_object();
      write_counts(json, counts);
      json.close_object();
    }
    json.close_object();
  }
  json.close_object();
}

void write_maybe(json_writer& json, std::string_view name,
                 const std::optional<double>& x) {
  json.key(name);
  if (x)
    json.value(*x);
  else
    json.null();
}

void write_kernel(json_writer& json, const ledger_report& x, const ledger_sums& sums) {
  json.key("process")
    .open_object()
    .member("writeCalls", x.process.write_calls)
    .member("writeChars", x.process.write_chars)
    .member("deviceWriteBytes", x.process.device_write_bytes);
  write_maybe(json, "mbPerDay", sums.process_mb_per_day);
  json.close_object().key("device");
  if (x.device.name.empty()) {
    json.null();
    return;
  }
  json.open_object()
    .member("name", x.device.name)
    .member("writes", x.device.writes)
    .member("bytesWritten", x.device.bytes_written);
  write_maybe(json, "mbPerDay", sums.device_mb_per_day);
  json.close_object();
}

} // namespace

std::string ledger_json(const ledger_report& from) {
  const auto sums = sums_of(from);
  json_writer json;
  json.open_object().member("durationMs", from.duration_ms);
  for (const auto& [name, each] : sums.subsystems)
    write_subsystem(json, name, each);
  json.key("total").open_object();
  write_counts(json, sums.total);
  json.close_object();
  write_kernel(json, from, sums);
  json.key("biggestWriter");
  if (sums.biggest)
    json.open_object()
      .member("subsystem", sums.biggest->subsystem)
      .member("name", sums.biggest->name)
      .member("bytesWritten", sums.biggest->counts.bytes_written)
      .close_object();
  else
    json.null();
  json.key("enduranceTbw");
  if (from.endurance_tbw > 0)
    json.value(from.endurance_tbw);
  else
    json.null();
  write_maybe(json, "enduranceYears", sums.endurance_years);
  return json.close_object().take();
}

} // namespace sluice::http
