#include "app/websocket/session.hpp"

#include "actors/detail/json_ws_request.hpp"

#include <caf/send.hpp>

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <utility>

namespace sluice::websocket {

namespace {

namespace ws = boost::beast::websocket;
using boost::system::error_code;

constexpr std::string_view batch_protocol = "sluice.batch.v1";
constexpr std::string_view plain_protocol = "sluice.v1";

constexpr size_t message_bytes_max = 1'048'576;
/// Requests that a client may have unanswered; it is not read from until they are fewer.
constexpr size_t owed_max = 16;
/// Requests in a second, past which a client is read from again in the next.
constexpr size_t asked_max = 20'000;
/// How long a client may take over its goodbye.
constexpr auto farewell_time = std::chrono::seconds{1};

/// A final ping without a payload.
const std::string ping_frame{"\x89\x00", 2};

/// The first of the client's protocols that is ours, or none.
std::string_view chosen_protocol(const upgrade_request& x) {
  const auto offered = x[boost::beast::http::field::sec_websocket_protocol];
  for (auto each : boost::beast::http::token_list{offered})
    for (auto ours : {batch_protocol, plain_protocol})
      if (std::string_view{each.data(), each.size()} == ours)
        return ours;
  return {};
}

ws::permessage_deflate deflate_options(bool wanted) {
  ws::permessage_deflate options;
  options.server_enable = wanted;
  // Frames are deflated once for all clients, so none may depend on the one before. What
  // Beast itself would deflate with is never used, and made small.
  options.server_no_context_takeover = true;
  options.client_no_context_takeover = true;
  options.memLevel = 1;
  return options;
}

} // namespace

session::session(session_owner& owner, uint64_t id, std::unique_ptr<transport> over,
                 upgrade_request request, std::string ahead, bool deflate)
    : owner_(owner), id_(id), over_(std::move(over)), request_(std::move(request)),
      stream_(*over_, static_cast<layer::listener&>(*this), std::move(ahead)),
      timer_(over_->io()) {
  stream_.set_option(deflate_options(deflate));
  stream_.read_message_max(message_bytes_max);
  how_ = chosen_protocol(request_) == batch_protocol ? framing::batch : framing::single;
  const auto offers = request_[boost::beast::http::field::sec_websocket_extensions];
  // A smaller window than the one that frames are made with would not do.
  if (deflate && how_ == framing::batch
      && offers.find("permessage-deflate") != offers.npos
      && offers.find("server_max_window_bits") == offers.npos)
    how_ = framing::deflated;
}

// -- beginning ----------------------------------------------------------------------

void session::start(ws_batcher_actor batcher) {
  if (ended_) {
    caf::anon_send(batcher, atom::leave_v);
    return;
  }
  batcher_ = std::move(batcher);
  accept();
}

void session::accept() {
  const auto protocol = chosen_protocol(request_);
  stream_.set_option(ws::stream_base::decorator{[protocol](ws::response_type& answer) {
    answer.erase(boost::beast::http::field::server);
    if (!protocol.empty())
      answer.set(boost::beast::http::field::sec_websocket_protocol,
                 {protocol.data(), protocol.size()});
  }});
  stream_.async_accept(request_, [me = shared_from_this()](error_code code) {
    me->request_ = {};
    if (code)
      me->on_broken(code);
    else
      me->read();
  });
}

// -- listening ----------------------------------------------------------------------

void session::read() {
  if (ended_)
    return;
  stream_.async_read(buffer_, [me = shared_from_this()](error_code code, size_t) {
    if (code)
      return me->on_broken(code);
    me->on_message();
    me->read();
  });
}

void session::on_message() {
  if (!stream_.got_text()) {
    caf::anon_send(batcher_, atom::close_v, static_cast<uint16_t>(ws_close::wrong_kind),
                   std::string{"only text is understood"});
  } else {
    owe();
    caf::anon_send(
      batcher_, atom::append_v,
      json::read_ws_request(boost::beast::buffers_to_string(buffer_.data())));
  }
  buffer_.consume(buffer_.size());
  if (buffer_.capacity() > 65'536)
    buffer_.shrink_to_fit();
}

/// Counts what the client is owed, and reads no more while that is too much.
void session::owe() {
  const auto now = clock::now();
  if (now - second_ >= std::chrono::seconds{1}) {
    second_ = now;
    asked_ = 0;
  }
  ++owed_;
  if (++asked_ >= asked_max) {
    stream_.next_layer().pause();
    timer_.expires_at(second_ + std::chrono::seconds{1});
    timer_.async_wait([me = shared_from_this()](error_code code) {
      if (!code && me->owed_ < owed_max)
        me->stream_.next_layer().resume();
    });
  } else if (owed_ >= owed_max) {
    stream_.next_layer().pause();
  }
}

void session::on_answered() {
  --owed_;
  if (owed_ < owed_max && asked_ < asked_max)
    stream_.next_layer().resume();
}

void session::on_bytes(size_t count) {
  owner_.on_received(count);
  heard_ = clock::now();
  pinged_ = false;
}

void session::on_frame(std::string frame) {
  ++owed_;
  if (owed_ >= owed_max)
    stream_.next_layer().pause();
  caf::anon_send(batcher_, atom::control_v, std::move(frame));
}

void session::on_no_room() {
  over_->await_room(
    [me = shared_from_this()] { caf::anon_send(me->batcher_, atom::writable_v); });
}

void session::look_after(clock::time_point now, clock::duration idle) {
  const auto silent = now - heard_;
  if (silent >= idle) {
    end();
  } else if (silent >= idle / 2 && !pinged_ && batcher_) {
    pinged_ = true;
    on_frame(ping_frame);
  }
}

// -- ending -------------------------------------------------------------------------

void session::on_broken(error_code code) {
  reading_ended_ = true;
  if (ended_)
    return;
  if (code.category()
      == make_error_code(boost::beast::zlib::error::stream_error).category()) {
    caf::anon_send(batcher_, atom::close_v, static_cast<uint16_t>(ws_close::wrong_text),
                   std::string{"what came cannot be inflated"});
    read_past();
    return;
  }
  // Where Beast has refused what came, its Close frame is on its way to the batcher, and
  // closing the socket on bytes that were not read would take it back.
  const auto closed = make_error_code(ws::error::closed);
  if (code != closed && code.category() == closed.category()) {
    linger(farewell_time);
    read_past();
    return;
  }
  if (batcher_)
    caf::anon_send(batcher_, atom::leave_v);
  else
    end();
}

void session::read_past() {
  if (ended_)
    return;
  buffer_.clear();
  over_->read(buffer_.prepare(65'536),
              [me = shared_from_this()](error_code code, size_t) {
                if (code)
                  me->end();
                else
                  me->read_past();
              });
}

void session::linger(clock::duration span) {
  timer_.expires_after(span);
  timer_.async_wait([me = shared_from_this()](error_code code) {
    if (!code)
      me->end();
  });
}

void session::on_farewell() {
  linger(farewell_time);
}

void session::on_end() {
  end();
}

void session::end() {
  if (std::exchange(ended_, true))
    return;
  const auto alive = shared_from_this();
  timer_.cancel();
  over_->close();
  if (batcher_)
    caf::anon_send(batcher_, atom::leave_v);
  stream_.next_layer().resume();
  owner_.on_ended(id_);
}

} // namespace sluice::websocket
