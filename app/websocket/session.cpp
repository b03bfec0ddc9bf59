#include "app/websocket/session.hpp"

#include "actors/detail/insist.hpp"
#include "app/websocket/goodbye.hpp"

#include <caf/send.hpp>

#include <array>
#include <utility>

namespace sluice::websocket {

namespace {

namespace ws = boost::beast::websocket;
using boost::system::error_code;

/// Requests in a second, past which a client is read from again in the next.
constexpr size_t asked_max = 20'000;
/// How long a client may take over its goodbye.
constexpr auto farewell_time = std::chrono::seconds{1};

/// The client has gone: a batcher that did not hear of it would never end.
void let_go(const ws_batcher_actor& batcher) {
  detail::insist([&batcher] { caf::anon_send(batcher, atom::leave_v); });
}

/// A final ping without a payload.
const std::string ping_frame{"\x89\x00", 2};

/// Whether what came was refused by Beast, or was a goodbye: it then has answered, or
/// is answered here. All else is the connection's end.
bool is_refusal(error_code code, error_code closed) {
  const auto inflating = make_error_code(boost::beast::zlib::error::stream_error);
  return code.category() == closed.category() || code.category() == inflating.category();
}

} // namespace

session::session(session_owner& owner, uint64_t id, std::unique_ptr<transport> over,
                 upgrade_request request, std::string ahead, bool deflate)
    : owner_(owner), id_(id), over_(std::move(over)), request_(std::move(request)),
      stream_(*over_, static_cast<layer::listener&>(*this), std::move(ahead)),
      pause_(over_->io()), farewell_(over_->io()) {
  stream_.set_option(deflate_options(deflate));
  stream_.read_message_max(message_bytes_max);
  keep_fitting_offer(request_);
  how_ = chosen_protocol(request_) == batch_protocol ? framing::batch : framing::single;
  if (deflate && how_ == framing::batch && takes_deflated_pages(request_))
    how_ = framing::deflated;
}

// -- beginning ----------------------------------------------------------------------

bool session::start(ws_batcher_actor batcher) {
  if (let_go_)
    return false;
  if (ended_) {
    let_go(batcher);
    return true;
  }
  batcher_ = std::move(batcher);
  go_on([this] { accept(); });
  return true;
}

void session::refuse(std::string_view answer) {
  if (ended_)
    return;
  over_->write(std::array{answer});
  // Over TLS it is not out yet, and bytes that were not read would take it back.
  linger();
  read_past();
}

void session::accept() {
  const auto protocol = chosen_protocol(request_);
  stream_.set_option(ws::stream_base::decorator{[protocol](ws::response_type& answer) {
    // Without one, Beast names itself and its version.
    answer.set(boost::beast::http::field::server, "sluiced");
    if (!protocol.empty())
      answer.set(boost::beast::http::field::sec_websocket_protocol,
                 {protocol.data(), protocol.size()});
  }});
  stream_.async_accept(request_, [me = shared_from_this()](error_code code) {
    me->go_on([&] {
      me->request_ = {};
      if (code)
        me->on_broken(code);
      else
        me->read();
    });
  });
}

// -- pace ---------------------------------------------------------------------------

void session::count_request() {
  const auto now = clock::now();
  if (now - second_ >= std::chrono::seconds{1}) {
    second_ = now;
    asked_ = 0;
  }
  if (++asked_ != asked_max)
    return;
  pause_.expires_at(second_ + std::chrono::seconds{1});
  pause_.async_wait([me = shared_from_this()](error_code code) {
    if (code)
      return;
    me->asked_ = 0;
    me->adjust_pace();
  });
}

void session::owe() {
  owed_->owe();
  adjust_pace();
}

void session::on_settled() {
  adjust_pace();
}

/// Reads no more while too much is owed, or was asked.
void session::adjust_pace() {
  if (!ended_ && (owed_->is_at_limit() || asked_ >= asked_max))
    stream_.next_layer().pause();
  else
    stream_.next_layer().resume();
}

// -- signs of life ------------------------------------------------------------------

void session::on_bytes(size_t count) {
  owner_.on_received(count);
  heard_ = clock::now();
  pinged_ = false;
  const auto& watch = stream_.next_layer().watch();
  if (!watch.is_amid())
    began_.reset();
  else if (!began_ || watch.ended() != ended_before_)
    began_ = heard_;
  ended_before_ = watch.ended();
}

void session::on_frame(std::string frame) {
  if (ended_)
    return;
  owe();
  frame =
    answer_to_goodbye(std::move(frame), stream_.next_layer().watch().goodbye_code());
  caf::anon_send(batcher_, atom::control_v, std::move(frame));
}

void session::on_no_room() {
  if (!blocked_since_)
    blocked_since_ = clock::now();
  auto on_room = [me = shared_from_this()] {
    me->go_on([&] {
      me->blocked_since_.reset();
      if (me->parting_)
        me->linger();
      caf::anon_send(me->batcher_, atom::writable_v);
    });
  };
  go_on([&] { over_->await_room(on_room); });
}

/// Whether it has taken nothing, or been at one message, empty or not, for all that time:
/// a sign of life now and then does not make up for what that holds.
bool session::is_stuck(clock::time_point now, clock::duration idle) const {
  return (blocked_since_ && now - *blocked_since_ >= idle)
         || (began_ && now - *began_ >= idle);
}

void session::look_after(clock::time_point now, clock::duration idle) {
  const auto silent = now - heard_;
  if (silent >= idle || is_stuck(now, idle)) {
    end();
  } else if (silent >= idle / 2 && !pinged_ && batcher_) {
    pinged_ = true;
    on_frame(ping_frame);
  }
}

// -- ending -------------------------------------------------------------------------

void session::on_broken(error_code code) {
  if (ended_)
    return;
  const auto closed = make_error_code(ws::error::closed);
  if (!batcher_ || !is_refusal(code, closed))
    return end();
  linger();
  if (code == closed)
    // It ends when the answer to the client's goodbye is out.
    return caf::anon_send(batcher_, atom::leave_v);
  if (code == make_error_code(ws::error::message_too_big))
    // Where Beast saw it, its goodbye is on its way already.
    caf::anon_send(batcher_, atom::close_v, static_cast<uint16_t>(ws_close::too_big),
                   std::string{"a message may have 1 MiB"});
  else if (code.category() != closed.category())
    caf::anon_send(batcher_, atom::close_v, static_cast<uint16_t>(ws_close::wrong_text),
                   std::string{"what came cannot be inflated"});
  // Closing the socket on bytes that were not read would take the goodbye back.
  read_past();
}

void session::read_past() {
  if (ended_)
    return;
  forget_message();
  over_->read(buffer_.prepare(65'536),
              [me = shared_from_this()](error_code code, size_t) {
                if (code)
                  me->end();
                else
                  me->go_on([&] { me->read_past(); });
              });
}

/// Lets it go in a moment, unless it takes something until then.
void session::linger() {
  parting_ = true;
  farewell_.expires_after(farewell_time);
  farewell_.async_wait([me = shared_from_this()](error_code code) {
    if (!code)
      me->end();
  });
}

void session::on_farewell() {
  go_on([this] { linger(); });
}

/// Whoever was asked for a batcher is about to say why there is none.
void session::on_end() {
  if (batcher_)
    end();
  else
    let_go_ = true;
}

void session::end() {
  if (std::exchange(ended_, true))
    return;
  const auto alive = shared_from_this();
  pause_.cancel();
  farewell_.cancel();
  over_->close();
  if (batcher_)
    let_go(batcher_);
  adjust_pace();
  owner_.on_ended(id_);
}

} // namespace sluice::websocket
