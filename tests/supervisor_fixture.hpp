// A supervisor with threads, real files and a spool.
#pragma once

#include "actors/detail/workers.hpp"
#include "actors/lifecycle/supervisor.hpp"
#include "messages/error.hpp"
#include "tests/temp_dir.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <memory>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace sluice::test {

struct supervisor_fixture {
  supervisor_fixture() {
    detail::use_workers(system_config);
    write_file(dir / "id", "x");
    config.data_dir = dir.path();
    config.writer.database.path = dir / "sluice.db";
    config.reader.database.path = dir / "sluice.db";
    config.metrics.kernel = [] { return process_io{}; };
    config.restarts = 2;
    open_spool();
  }

  void open_spool() {
    config.spool.reset();
    auto opened = spool::open({dir / "spool", 4'194'304, "an id", dir.path()});
    if (!opened)
      CAF_FAIL(text_of(opened.error()));
    config.spool = *opened;
  }

  void start() {
    system = std::make_unique<caf::actor_system>(system_config);
    self = std::make_unique<caf::scoped_actor>(*system);
    aut = start_supervisor(*system, config);
    auto started = ask<subsystems>(aut, atom::start_v);
    if (!started)
      CAF_FAIL(text_of(started.error()));
    actors = *started;
  }

  template <class Answer, class Handle, class... Args>
  caf::expected<Answer> ask(const Handle& who, Args&&... args) {
    caf::expected<Answer> answer{caf::sec::runtime_error};
    (*self)
      ->request(who, caf::infinite, std::forward<Args>(args)...)
      .receive([&](Answer& x) { answer = std::move(x); },
               [&](caf::error& err) { answer = std::move(err); });
    return answer;
  }

  void stop() {
    actors = {};
    ask<std::vector<stop_report>>(aut, atom::stop_v);
    aut = nullptr;
    self.reset();
    system.reset();
  }

  temp_dir dir;
  supervisor_config config;
  caf::actor_system_config system_config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<caf::scoped_actor> self;
  supervisor_actor aut;
  subsystems actors;
};

} // namespace sluice::test
