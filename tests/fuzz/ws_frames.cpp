// What a WebSocket client sends, deflated or not: frames through the LAYER to Beast, and
// the requests in them. However the bytes are cut, the same messages come, and the same
// goodbye.
#include "actors/detail/json_ws_request.hpp"
#include "app/websocket/handshake.hpp"
#include "app/websocket/layer.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <vector>

using namespace sluice;
using boost::system::error_code;

namespace {

namespace ws = boost::beast::websocket;

constexpr size_t message_bytes_max = 65'536;
constexpr size_t part_bytes_max = 4'096;
constexpr size_t messages_max = 256;

/// Gives bytes in pieces, then the end.
class given_bytes : public websocket::transport {
public:
  given_bytes(std::string_view bytes, size_t piece) : bytes_(bytes), piece_(piece) {}

  boost::asio::io_context& io() override { return io_; }

  void read(boost::asio::mutable_buffer into, read_handler done) override {
    const auto count = std::min({piece_, bytes_.size(), into.size()});
    boost::asio::buffer_copy(into, boost::asio::buffer(bytes_.data(), count));
    bytes_.remove_prefix(count);
    boost::asio::post(io_, [done = std::move(done), count] {
      done(count > 0 ? error_code{} : make_error_code(boost::asio::error::eof), count);
    });
  }

  void await_room(std::function<void()>) override {}
  void close() override {}

  std::optional<size_t> write(std::span<const std::string_view>) override { return 0; }

private:
  boost::asio::io_context io_{1};
  std::string_view bytes_;
  size_t piece_;
};

struct outcome {
  std::vector<std::string> messages;
  std::optional<uint16_t> code;

  bool operator==(const outcome&) const = default;
};

class reader : websocket::layer::listener {
public:
  reader(std::string_view bytes, size_t piece)
      : from_(bytes, piece),
        stream_(from_, static_cast<websocket::layer::listener&>(*this), std::string{}) {
    stream_.set_option(websocket::deflate_options(true));
    stream_.read_message_max(message_bytes_max);
  }

  outcome read_all() {
    websocket::upgrade_request asked{boost::beast::http::verb::get, "/v1/ws", 11};
    asked.set(boost::beast::http::field::host, "localhost");
    asked.set(boost::beast::http::field::upgrade, "websocket");
    asked.set(boost::beast::http::field::connection, "upgrade");
    asked.set(boost::beast::http::field::sec_websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
    asked.set(boost::beast::http::field::sec_websocket_version, "13");
    asked.set(boost::beast::http::field::sec_websocket_extensions, "permessage-deflate");
    stream_.async_accept(asked, [this](error_code code) {
      fuzz::must(!code, "a proper handshake is accepted");
      read();
    });
    from_.io().run();
    // What comes behind a fault is read by nobody, whoever has looked at it.
    if (closed_) {
      result_.code = stream_.next_layer().watch().goodbye_code();
      fuzz::must(result_.code.value_or(ws::close_code::none) == closed_->code,
                 "a goodbye that Beast takes has the code that we see");
    }
    return result_;
  }

private:
  void on_bytes(size_t) override {}
  void on_frame(std::string) override {}

  void read() {
    stream_.async_read_some(buffer_, part_bytes_max, [this](error_code code, size_t) {
      if (code == ws::error::closed)
        closed_ = stream_.reason();
      if (code || result_.messages.size() == messages_max)
        return;
      if (stream_.is_message_done())
        take_message();
      read();
    });
  }

  void take_message() {
    result_.messages.push_back(boost::beast::buffers_to_string(buffer_.data()));
    static_cast<void>(json::read_ws_request(result_.messages.back()));
    buffer_.consume(buffer_.size());
  }

  given_bytes from_;
  ws::stream<websocket::layer> stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<ws::close_reason> closed_;
  outcome result_;
};

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = fuzz::text_of_input(data, size);
  const auto whole = reader{bytes, bytes.size() + 1}.read_all();
  fuzz::must(reader{bytes, 5}.read_all() == whole, "how bytes are cut changes nothing");
  return 0;
}
