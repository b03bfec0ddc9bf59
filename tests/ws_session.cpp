// What becomes of a WebSocket client where there is no memory for the next step.
#define CAF_SUITE ws_session
#include "app/websocket/session.hpp"

#include <boost/beast/http/field.hpp>

#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::websocket;

namespace {

/// A socket for the reading of which there is no memory.
class starved_transport : public transport {
public:
  starved_transport(boost::asio::io_context& io, bool& open) : io_(io), open_(open) {}

  boost::asio::io_context& io() override { return io_; }
  void read(boost::asio::mutable_buffer, read_handler) override {
    throw std::bad_alloc{};
  }
  void await_room(std::function<void()>) override {}
  void close() override { open_ = false; }
  std::optional<size_t> write(std::span<const std::string_view>) override { return 0; }

private:
  boost::asio::io_context& io_;
  bool& open_;
};

struct owner : session_owner {
  void on_received(size_t) override {}
  credit open_account() override { return {}; }
  bool has_room_for_parts() override { return true; }
  void on_ended(uint64_t) override { client = nullptr; }

  /// As a host does, it keeps the client until that has ended.
  std::shared_ptr<session> client;
};

upgrade_request handshake() {
  using boost::beast::http::field;
  upgrade_request result;
  result.method(boost::beast::http::verb::get);
  result.target("/v1/ws");
  result.version(11);
  result.set(field::host, "localhost");
  result.set(field::upgrade, "websocket");
  result.set(field::connection, "Upgrade");
  result.set(field::sec_websocket_version, "13");
  result.set(field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
  return result;
}

} // namespace

CAF_TEST(a client for whom there is no memory to go on is let go) {
  boost::asio::io_context io;
  owner all;
  bool open = true;
  all.client =
    std::make_shared<session>(all, 1, std::make_unique<starved_transport>(io, open),
                              handshake(), std::string{}, false);
  auto held = all.client;
  const auto begun = held->start({});
  held.reset();
  CAF_CHECK(begun);
  try {
    io.run();
  } catch (const std::bad_alloc&) {
    // As the server does, which knows nothing of whom it hit.
  }
  CAF_CHECK(!open);
  CAF_CHECK(all.client == nullptr);
}
