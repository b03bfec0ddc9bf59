// What else writes lines to a file: spdlog, and bare loops with nothing around them.
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "bench/plain_file.hpp"
#include "bench/workload.hpp"

#include <spdlog/async.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <thread>
#include <vector>

namespace {

using namespace sluice::bench;

void log_lines_to(spdlog::logger& logger, uint64_t lines) {
  std::string_view line{log_line().data(), log_line().size() - 1};
  for (uint64_t i = 0; i < lines; ++i)
    logger.info(line);
}

auto make_sink(const std::string& directory) {
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(directory + "/peer.log");
}

void spdlog_sync(const std::string& directory, uint64_t lines) {
  spdlog::logger logger{"peer", make_sink(directory)};
  // The line alone: no time stamp, no level, which would cost it more.
  logger.set_pattern("%v");
  auto before = cost_so_far();
  log_lines_to(logger, lines);
  logger.flush();
  report(before);
}

void spdlog_async(const std::string& directory, uint64_t lines, uint64_t producers) {
  auto pool = std::make_shared<spdlog::details::thread_pool>(8192, 1);
  auto logger =
    std::make_shared<spdlog::async_logger>("peer", make_sink(directory), pool);
  logger->set_pattern("%v");
  auto before = cost_so_far();
  std::vector<std::jthread> threads;
  for (uint64_t i = 1; i < producers; ++i)
    threads.emplace_back([&] { log_lines_to(*logger, lines / producers); });
  log_lines_to(*logger, lines / producers);
  threads.clear();
  logger->flush();
  // Its end is the queue's end.
  pool.reset();
  report(before);
}

void spdlog_async_1(const std::string& directory, uint64_t lines) {
  spdlog_async(directory, lines, 1);
}

void spdlog_async_2(const std::string& directory, uint64_t lines) {
  spdlog_async(directory, lines, 2);
}

/// Gathers lines up to this many bytes, then writes.
void bare(const std::string& directory, uint64_t lines, size_t bytes_per_write) {
  plain_file file{directory + "/peer.log", O_APPEND};
  std::string buffer;
  buffer.reserve(bytes_per_write);
  auto before = cost_so_far();
  for (uint64_t i = 0; i < lines; ++i) {
    if (buffer.size() + log_line().size() > bytes_per_write) {
      file.write(buffer);
      buffer.clear();
    }
    buffer += log_line();
  }
  file.write(buffer);
  report(before);
}

void bare_line(const std::string& directory, uint64_t lines) {
  bare(directory, lines, log_line().size());
}

void bare_100(const std::string& directory, uint64_t lines) {
  bare(directory, lines, 100 * log_line().size());
}

void bare_64k(const std::string& directory, uint64_t lines) {
  bare(directory, lines, 65'536);
}

void synced_line(const std::string& directory, uint64_t lines) {
  plain_file file{directory + "/peer.log", O_APPEND};
  auto before = cost_so_far();
  for (uint64_t i = 0; i < lines; ++i) {
    file.write(log_line());
    file.sync();
  }
  report(before);
}

} // namespace

int main(int argc, char** argv) {
  return run_case(argc, argv,
                  {{"spdlog-sync", spdlog_sync},
                   {"spdlog-async-1", spdlog_async_1},
                   {"spdlog-async-2", spdlog_async_2},
                   {"bare-line", bare_line},
                   {"bare-100", bare_100},
                   {"bare-64k", bare_64k},
                   {"synced-line", synced_line}});
}
