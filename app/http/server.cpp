#include "app/http/server.hpp"

#include "actors/observe/instrumented.hpp"
#include "app/http/access_rules.hpp"
#include "app/http/admission.hpp"
#include "app/http/edge.hpp"
#include "app/http/intake.hpp"
#include "app/http/listener.hpp"
#include "app/http/work_watch.hpp"
#include "app/log.hpp"
#include "app/websocket/host.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

namespace sluice::http {

namespace {

namespace asio = boost::asio;

/// How long `finish` waits for answers that are owed.
constexpr auto finish_time = std::chrono::seconds{1};

router all_routes() {
  router result;
  result.add(log_routes());
  result.add(session_routes());
  result.add(database_routes());
  result.add(database_care_routes());
  result.add(queue_routes());
  result.add(health_routes());
  result.add(topic_routes());
  result.add(actor_routes());
  result.add(exposition_routes());
  return result;
}

/// An actor of a class, not of a function: nothing is told about it but its meter.
caf::actor spawn_edge(caf::actor_system& sys, asio::io_context& io,
                      const http_settings& settings, backend what) {
  auto meter = std::make_shared<actor_meter>("edge", actor_label{});
  auto directory = what.actors.directory;
  auto result = sys.spawn<instrumented<edge>>(meter, io, settings, std::move(what));
  caf::anon_send(directory, atom::enter_v, directory_entrance{std::move(meter)});
  return result;
}

} // namespace

struct server::implementation {
  implementation(caf::actor_system& sys, http_settings config, websocket_settings topics,
                 backend what)
      : settings(std::move(config)),
        handle(spawn_edge(sys, io, settings, std::move(what))),
        actor(static_cast<edge*>(caf::actor_cast<caf::abstract_actor*>(handle))),
        clients(*actor, std::move(topics)) {
    // nop
  }

  caf::error bind();
  void run();
  void end_if_empty();
  void end();

  const http_settings settings;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  caf::actor handle;
  /// Lives as long as `handle`.
  edge* actor;
  websocket::host clients;

  std::optional<admission> gate;
  std::optional<connection_pool> pool;
  std::optional<work_watch> watch;
  std::optional<intake> entry;
  std::vector<std::unique_ptr<listener>> listeners;
  asio::steady_timer patience{io};
  std::thread thread;
  bool intake_stopped = false;
  bool finishing = false;
};

// -- starting -----------------------------------------------------------------------

caf::error server::implementation::bind() {
  std::string token;
  if (!settings.token_file.empty()) {
    auto read = read_token(settings.token_file);
    if (!read)
      return read.error();
    token = std::move(*read);
  }
  auto tls = load_tls(settings);
  if (!tls)
    return std::move(tls.error());
  uint16_t port = 0;
  std::string host;
  if (!settings.address.empty()) {
    auto bound = listen_tcp(io, settings.address, settings.port);
    if (!bound)
      return bound.error();
    port = (*bound)->port();
    host = (*bound)->name();
    host.resize(host.rfind(':'));
    listeners.push_back(std::move(*bound));
  }
  if (!settings.socket.empty()) {
    auto bound = listen_unix(io, settings.socket);
    if (!bound)
      return bound.error();
    listeners.push_back(std::move(*bound));
  }
  access_rules who{token, std::move(host), settings.hosts, port};
  gate.emplace(std::move(who), all_routes(), settings.max_body_bytes);
  pool.emplace(connection_pool{*actor, *gate});
  entry.emplace(*pool, std::move(*tls), settings);
  actor->watch([this] { entry->look(); },
               [this](status_report& report) {
                 entry->tell(report);
                 const auto untold = count_untold();
                 report.troubles.push_back({"log-lines-lost", untold.lost});
                 report.troubles.push_back({"log-lines-held-back", untold.held_back});
               });
  watch.emplace(io, std::vector<const places*>{&pool->regular, &pool->spare});
  pool->on_work = [this] { watch->begin(); };
  pool->on_closed = [this] { end_if_empty(); };
  clients.on_empty = pool->on_closed;
  pool->no_more_upgrades = [this] { return clients.is_full(); };
  pool->on_upgrade = [this](upgraded x) {
    clients.take(std::move(x.over), std::move(x.request), std::move(x.ahead),
                 std::move(x.remote), std::move(x.share));
  };
  return caf::none;
}

void server::implementation::run() {
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception&) {
      // No memory. What it hit has let go of its connection, or closes it at the
      // deadline; the others go on.
    }
  }
}

// -- ending -------------------------------------------------------------------------

void server::implementation::end_if_empty() {
  if (finishing && pool->open.empty() && clients.is_empty())
    asio::post(io, [this] { end(); });
}

void server::implementation::end() {
  patience.cancel();
  actor->end();
  guard.reset();
  io.stop();
}

// -- the interface ------------------------------------------------------------------

server::server(caf::actor_system& sys, http_settings config, websocket_settings topics,
               backend what)
    : impl_(std::make_unique<implementation>(sys, std::move(config), std::move(topics),
                                             std::move(what))) {
  // nop
}

server::~server() {
  finish();
}

caf::error server::start() {
  auto& x = *impl_;
  if (auto err = x.bind())
    return err;
  if (auto err = x.actor->begin())
    return err;
  for (auto& way_in : x.listeners)
    way_in->run(
      [&x](stream_socket socket, entrance where) {
        x.entry->accept(std::move(socket), std::move(where));
      },
      [&x](boost::system::error_code why) { x.entry->fail(why); });
  caf::anon_send(x.actor->actors().actors.metrics, atom::attach_v,
                 caf::actor_cast<metered_actor>(x.handle));
  caf::anon_send(x.actor->actors().supervisor, atom::attach_v,
                 caf::actor_cast<subsystems_listener_actor>(x.handle));
  caf::anon_send(x.actor->actors().supervisor, atom::attach_v, std::string{"edge"},
                 caf::actor_cast<guest_actor>(x.handle));
  caf::anon_send(x.actor->actors().supervisor, atom::attach_v,
                 caf::actor_cast<log_user_actor>(x.handle));
  x.thread = std::thread{[&x] { x.run(); }};
  return caf::none;
}

std::string server::address() const {
  return impl_->listeners.empty() ? std::string{} : impl_->listeners.front()->name();
}

void server::renew_certificates() {
  auto& x = *impl_;
  if (x.thread.joinable())
    asio::post(x.io, [&x] { x.entry->renew(); });
}

void server::stop_intake() {
  auto& x = *impl_;
  if (!x.thread.joinable())
    return;
  asio::post(x.io, [&x] {
    x.gate->close();
    x.pool->stopping = true;
    for (auto& way_in : x.listeners)
      way_in->close();
    const auto open = x.pool->open; // closing changes it
    for (auto* each : open)
      if (each->is_idle())
        each->close();
  });
}

void server::finish() {
  auto& x = *impl_;
  if (!x.thread.joinable()) {
    x.actor->end();
    return;
  }
  stop_intake();
  asio::post(x.io, [&x] {
    x.finishing = true;
    const auto close_rest = [&x] {
      const auto open = x.pool->open;
      for (auto* each : open)
        each->close();
      x.clients.end();
    };
    x.patience.expires_after(finish_time);
    x.patience.async_wait([close_rest](boost::system::error_code code) {
      if (!code)
        close_rest();
    });
    const auto open = x.pool->open;
    for (auto* each : open)
      each->finish();
    x.end_if_empty();
  });
  x.thread.join();
  x.listeners.clear();
  // A batcher that is stuck would use what is freed here: rather leave it at that.
  if (!x.clients.await_batchers())
    static_cast<void>(impl_.release());
}

} // namespace sluice::http
