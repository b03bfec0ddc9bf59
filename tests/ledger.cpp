// What is made of a ledger: sums, rates, and how long a card lasts.
#define CAF_SUITE ledger

#include "actors/storage/device_meter.hpp"
#include "app/http/ledger_json.hpp"
#include "app/http/ledger_sums.hpp"

#include <cmath>
#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

constexpr uint64_t mb = 1'048'576;
constexpr int64_t day_ms = 86'400'000;

ledger_report some() {
  ledger_report result;
  result.duration_ms = day_ms / 2;
  result.entries = {{"database", "", {10, 1'000, 5, 20'000, 1}},
                    {"log", "a", {100, 10'000, 4, 10'000, 2}},
                    {"log", "b", {200, 20'000, 6, 30'000, 3}},
                    {"session", "users", {0, 0, 2, 500, 0}}};
  result.process.device_write_bytes = 3 * mb;
  result.device = {"mmcblk0p2", 7, 5 * mb};
  result.endurance_tbw = 10;
  return result;
}

} // namespace

CAF_TEST(a subsystem is the sum of its accounts) {
  const auto report = some();
  const auto sums = sums_of(report);
  CAF_CHECK(
    (sums.subsystems.at("log").total == ledger_counts{300, 30'000, 10, 40'000, 5}));
  CAF_CHECK_EQUAL(sums.subsystems.at("log").accounts.size(), 2u);
  CAF_CHECK(sums.subsystems.at("database").accounts.empty());
  CAF_CHECK((sums.total == ledger_counts{310, 31'000, 17, 60'500, 6}));
}

CAF_TEST(the biggest writer is an account and no subsystem) {
  const auto report = some();
  const auto sums = sums_of(report);
  CAF_REQUIRE(sums.biggest != nullptr);
  CAF_CHECK_EQUAL(sums.biggest->name, "b");
}

CAF_TEST(who wrote nothing saves nothing and is not the biggest) {
  const ledger_report none;
  const auto sums = sums_of(none);
  CAF_CHECK(sums.biggest == nullptr);
  CAF_CHECK_EQUAL(sums.subsystems.size(), 3u);
  CAF_CHECK_EQUAL(reduction_percent(sums.total), 0.0);
}

CAF_TEST(what is saved is the share of requests without a write) {
  CAF_CHECK_EQUAL(reduction_percent({100, 0, 4, 0, 0}), 96.0);
  CAF_CHECK_EQUAL(reduction_percent({100, 0, 100, 0, 0}), 0.0);
  CAF_CHECK_EQUAL(reduction_percent({1, 0, 7, 0, 0}), 0.0);
}

CAF_TEST(a rate is not told before a minute has passed) {
  auto report = some();
  report.duration_ms = 59'999;
  CAF_CHECK(!sums_of(report).process_mb_per_day);
  CAF_CHECK(!sums_of(report).endurance_years);
  const auto json = ledger_json(report);
  CAF_CHECK_NOT_EQUAL(json.find(R"("mbPerDay":null)"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(json.find(R"("enduranceYears":null)"), std::string::npos);
  report.duration_ms = 60'000;
  CAF_CHECK(sums_of(report).process_mb_per_day.has_value());
}

CAF_TEST(a card lasts by what its device gets from everybody) {
  auto report = some();
  const auto sums = sums_of(report);
  CAF_CHECK_EQUAL(sums.process_mb_per_day.value(), 6.0);
  CAF_CHECK_EQUAL(sums.device_mb_per_day.value(), 10.0);
  const auto years = 1e13 / (10.0 * mb) / 365.25;
  const auto off = std::abs(sums.endurance_years.value() - years);
  CAF_CHECK_LESS(off, 1e-6);
  CAF_MESSAGE("and by what the process wrote where no device can be told");
  report.device = {};
  const auto other = sums_of(report);
  CAF_CHECK(!other.device_mb_per_day);
  const auto other_off = std::abs(other.endurance_years.value() - years * 10 / 6);
  CAF_CHECK_LESS(other_off, 1e-6);
}

CAF_TEST(a card of unknown endurance has no life to tell) {
  auto report = some();
  report.endurance_tbw = 0;
  CAF_CHECK(!sums_of(report).endurance_years);
  CAF_MESSAGE("nor one that nobody writes to");
  report = some();
  report.device.bytes_written = 0;
  CAF_CHECK(!sums_of(report).endurance_years);
}

CAF_TEST(a directory in no block device has no meter) {
  CAF_CHECK((device_meter{"/proc"}.read() == device_io{}));
  CAF_CHECK((device_meter{"/nowhere/at/all"}.read() == device_io{}));
}

CAF_TEST(a ledger without a device or a writer says null) {
  const auto json = ledger_json({});
  for (const auto* part :
       {R"("device":null)", R"("biggestWriter":null)", R"("enduranceTbw":null)",
        R"("enduranceYears":null)", R"("logs":{})", R"("stores":{})"})
    CAF_CHECK_NOT_EQUAL(json.find(part), std::string::npos);
}
