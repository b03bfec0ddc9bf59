// What is remembered of logs whose buffers have ended.
#define CAF_SUITE log_pasts

#include "actors/lifecycle/log_pasts.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

log_past past(uint64_t accepted, uint64_t failures = 0) {
  log_past result;
  result.stats.accepted = accepted;
  result.stats.total_writes = 1;
  result.stats.total_bytes_written = 10;
  result.failures = failures;
  return result;
}

/// So many that one more is one too many.
void fill(log_pasts& to) {
  for (size_t i = 0; i < log_pasts::names_max; ++i)
    to.keep("log" + std::to_string(i), past(i + 1, 1));
}

log_stats sum(const log_pasts& of) {
  std::map<std::string, log_stats> all;
  of.tell(all);
  log_stats result;
  for (const auto& [log, stats] : all) {
    result.accepted += stats.accepted;
    result.total_writes += stats.total_writes;
    result.total_bytes_written += stats.total_bytes_written;
  }
  return result;
}

} // namespace

CAF_TEST(a log goes on from where it was and a new one from nothing) {
  log_pasts aut;
  aut.keep("a", past(7, 2));
  CAF_CHECK_EQUAL(aut.failures(), 2u);
  CAF_CHECK(aut.take("b") == log_past{});
  CAF_CHECK(aut.take("a") == past(7, 2));
  CAF_MESSAGE("whoever took it counts for it now");
  CAF_CHECK(aut.find("a") == nullptr);
  CAF_CHECK_EQUAL(aut.failures(), 0u);
}

CAF_TEST(past so many names the oldest count as one and no sum falls) {
  log_pasts aut;
  fill(aut);
  const auto before = sum(aut);
  aut.keep("newest", past(5, 1));
  CAF_CHECK(aut.find("log0") == nullptr);
  CAF_CHECK(aut.find("log1") != nullptr);
  const auto after = sum(aut);
  CAF_CHECK_EQUAL(after.accepted, before.accepted + 5);
  CAF_CHECK_EQUAL(after.total_writes, before.total_writes + 1);
  CAF_CHECK_EQUAL(after.total_bytes_written, before.total_bytes_written + 10);
  CAF_CHECK_EQUAL(aut.failures(), log_pasts::names_max + 1);
  std::map<std::string, log_stats> all;
  aut.tell(all);
  CAF_CHECK_EQUAL(all.size(), log_pasts::names_max + 1);
  CAF_CHECK_EQUAL(all.count(log_pasts::others), 1u);
}

CAF_TEST(a log that is not remembered gives no number twice) {
  log_pasts aut;
  aut.keep("forgotten", past(1'000'000));
  fill(aut);
  CAF_CHECK(aut.find("forgotten") == nullptr);
  CAF_CHECK_EQUAL(aut.take("forgotten").stats.accepted, 1'000'000u);
}
