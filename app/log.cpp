#include "app/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

namespace sluice {

void open_log() {
  auto log = std::make_shared<spdlog::logger>(
    "sluice", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  log->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(log));
}

} // namespace sluice
