// What tests of the HTTP side share: a server, its cast, and clients. Include it after
// defining CAF_SUITE.
#pragma once

#include "actors/detail/workers.hpp"
#include "messages/error.hpp"
#include "tests/http_client.hpp"
#include "tests/http_mocks.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include <caf/test/dsl.hpp>

namespace sluice::test {

/// An HTTP side whose actors are mocks.
struct http_fixture {
  caf::actor_system_config config;
  http_settings settings;
  std::optional<caf::actor_system> sys;
  std::optional<theatre> cast;
  std::optional<http::server> server;

  http_fixture() {
    detail::use_workers(config);
    settings.port = 0;
  }

  /// Starts with what `settings` say by now.
  void open(size_t budget_bytes = 67'108'864) {
    sys.emplace(config);
    cast.emplace(*sys, budget_bytes);
    server.emplace(*sys, settings, websocket_settings{}, cast->back);
    if (auto err = server->start())
      CAF_FAIL(text_of(err));
  }

  client connect() {
    const auto name = server->address();
    return client{static_cast<uint16_t>(std::stoi(name.substr(name.rfind(':') + 1)))};
  }

  reply ask(const std::string& text) { return connect().ask(text); }

  /// Waits until `done` holds, for five seconds at most.
  template <class F>
  bool soon(F done) {
    for (int i = 0; i < 1000; ++i) {
      if (done())
        return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
  }
};

} // namespace sluice::test
