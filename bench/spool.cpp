// What it costs to put an item into the spool: records of 100 bytes, in batches of 1,000
// that are written and released as the log path does it, so that segments come and go.
// `ITEMS` appends by one thread, or by two that share the spool.
#include "actors/storage/spool.hpp"
#include "actors/storage/crc32c.hpp"
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "bench/workload.hpp"
#include "messages/error.hpp"

#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using namespace sluice;

constexpr uint64_t batch_records = 1000;

void check(const caf::error& err) {
  if (err)
    throw std::runtime_error(text_of(err));
}

std::shared_ptr<spool> open_spool(const std::string& directory) {
  spool_config config;
  config.dir = directory + "/spool";
  config.data_id = "bench";
  auto opened = spool::open(config);
  if (!opened)
    throw std::runtime_error(text_of(opened.error()));
  return *opened;
}

void append_batches(spool& into, lane_id lane, uint64_t records) {
  const auto& line = bench::log_line();
  for (uint64_t seq = 1; seq <= records; ++seq) {
    check(into.append(lane, seq, 1, line));
    if (seq % batch_records == 0) {
      into.written(lane, seq);
      into.released(lane, seq);
    }
  }
}

/// CPU time of all threads.
double ns_since(const bench::cost& begin, uint64_t records) {
  auto spent = bench::cost_so_far().cpu_ns - begin.cpu_ns;
  return static_cast<double>(spent) / static_cast<double>(records);
}

void report(double ns) {
  std::printf("{\"ns_per_append\": %.1f, \"crc32c\": \"%s\"}\n", ns,
              to_string(crc32c_chosen()));
}

void one_thread(const std::string& directory, uint64_t records) {
  auto aut = open_spool(directory);
  auto lane = aut->lane(lane_kind::log, "bench");
  auto begin = bench::cost_so_far();
  append_batches(*aut, lane, records);
  report(ns_since(begin, records));
}

void two_threads(const std::string& directory, uint64_t records) {
  auto aut = open_spool(directory);
  auto first = aut->lane(lane_kind::log, "first");
  auto second = aut->lane(lane_kind::log, "second");
  auto begin = bench::cost_so_far();
  std::thread other{[&] { append_batches(*aut, second, records / 2); }};
  append_batches(*aut, first, records / 2);
  other.join();
  report(ns_since(begin, records));
}

/// Fills the spool once and again, with segments that are new each time.
void growing(const std::string& directory, uint64_t records) {
  auto aut = open_spool(directory);
  auto lane = aut->lane(lane_kind::log, "bench");
  const auto& line = bench::log_line();
  auto begin = bench::cost_so_far();
  for (uint64_t seq = 1; seq <= records; ++seq)
    if (aut->append(lane, seq, 1, line)) {
      aut->released(lane, seq - 1);
      check(aut->append(lane, seq, 1, line));
    }
  report(ns_since(begin, records));
}

/// What a start needs to take over the records that fit.
void reopening(const std::string& directory, uint64_t records) {
  auto aut = open_spool(directory);
  auto lane = aut->lane(lane_kind::log, "bench");
  uint64_t seq = 0;
  while (seq < records && !aut->append(lane, seq + 1, 1, bench::log_line()))
    ++seq;
  aut.reset();
  auto begin = bench::cost_so_far();
  aut = open_spool(directory);
  auto read = aut->read(lane, 0).size();
  auto ns = ns_since(begin, read);
  std::printf("{\"records\": %ju, \"ns_per_record\": %.1f}\n", uintmax_t{read}, ns);
}

} // namespace

int main(int argc, char** argv) {
  return sluice::bench::run_case(argc, argv,
                                 {{"one-thread", one_thread},
                                  {"two-threads", two_threads},
                                  {"growing", growing},
                                  {"reopening", reopening}});
}
