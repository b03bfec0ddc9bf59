// Our log path inside a program: a producer pays for chunks of 100 lines with credit,
// a log buffer gathers them, a detached log writer writes. Measured from the first
// chunk until the last is in the file.
#include "actors/detail/workers.hpp"
#include "actors/log/file_syncer.hpp"
#include "actors/log/log_buffer.hpp"
#include "actors/log/log_writer.hpp"
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "bench/plain_file.hpp"
#include "bench/workload.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <stdexcept>

namespace {

using namespace sluice;

/// As in `sluiced`.
struct system_config : caf::actor_system_config {
  system_config() { detail::use_workers(*this); }
};

log_writer_actor spawn_writer(caf::actor_system& system, const std::string& directory) {
  log_writer_config config;
  config.directory = directory + "/logs";
  config.identity_file = directory + "/id";
  config.make_syncer = [&system] { return system.spawn<caf::detached>(file_syncer); };
  return system.spawn<caf::detached>(log_writer, config);
}

log_chunk make_chunk(budget& account, uint64_t lines) {
  log_chunk chunk;
  chunk.lines.reserve(lines * bench::log_line().size());
  for (; chunk.count < lines; ++chunk.count)
    chunk.lines += bench::log_line();
  chunk.charge = account.draw(chunk.lines.size());
  return chunk;
}

template <class Handle>
void stop(caf::scoped_actor& self, const Handle& who) {
  self->request(who, caf::infinite, atom::stop_v)
    .receive(
      [](const stop_report& report) {
        if (report.left > 0)
          throw std::runtime_error(report.detail);
      },
      [](const caf::error& err) { throw std::runtime_error(text_of(err)); });
}

void produce(const std::string& directory, uint64_t lines, size_t credit_bytes) {
  bench::plain_file{directory + "/id", 0}.write("bench");
  system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  auto account = std::make_shared<budget>(credit_bytes);
  auto writer = spawn_writer(system, directory);
  log_buffer_config buffer_config;
  buffer_config.log = "bench";
  auto buffer =
    system.spawn(log_buffer, buffer_config, writer, metrics_aggregator_actor{});
  auto before = bench::cost_so_far();
  for (uint64_t sent = 0; sent < lines; sent += bench::lines_per_chunk)
    caf::anon_send(buffer, atom::append_v, make_chunk(*account, bench::lines_per_chunk));
  stop(self, buffer);
  // Every line is in the file. The sync that ends a writer is nobody else's habit, so it
  // is not counted here.
  bench::report(before);
  stop(self, writer);
}

void credit_256k(const std::string& directory, uint64_t lines) {
  produce(directory, lines, size_t{256} * 1024);
}

void credit_8m(const std::string& directory, uint64_t lines) {
  produce(directory, lines, size_t{8} * 1024 * 1024);
}

} // namespace

int main(int argc, char** argv) {
  return sluice::bench::run_case(
    argc, argv, {{"credit-256k", credit_256k}, {"credit-8m", credit_8m}});
}
