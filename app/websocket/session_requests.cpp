// What a client says: requests, which are paid for as they come in.

#include "actors/detail/json_ws_request.hpp"
#include "app/websocket/session.hpp"

#include <caf/send.hpp>
#include <caf/variant.hpp>

#include <boost/beast/core/buffers_to_string.hpp>

#include <utility>

namespace sluice::websocket {

namespace {

/// Taken in at once: memory is set aside for so much on the word of a frame's header.
constexpr size_t part_bytes_max = 65'536;

/// What the names in a request take beside its text.
size_t names_bytes(const ws_request& asked) {
  if (auto* names = caf::get_if<ws_subscribe>(&asked.what))
    return names->topics.size() * sizeof(subscription);
  if (auto* names = caf::get_if<ws_unsubscribe>(&asked.what))
    return names->topics.size() * sizeof(std::string);
  return 0;
}

/// Has a request hold what pays for it, for as long as it is under way.
struct payment {
  template <class Request>
  void operator()(Request& what) {
    if constexpr (requires { what.charge; })
      what.charge = std::move(charge);
  }

  credit charge;
};

} // namespace

void session::read() {
  if (ended_)
    return;
  auto on_read = [me = shared_from_this()](boost::system::error_code code, size_t) {
    me->go_on([&] {
      if (code)
        return me->on_broken(code);
      if (me->stream_.is_message_done())
        me->on_message();
      else
        me->on_part();
      me->read();
    });
  };
  stream_.async_read_some(buffer_, part_bytes_max, std::move(on_read));
}

/// Pays for a request, or for what is there of it.
bool session::pay(size_t bytes) {
  if (charge_ == credit{})
    charge_ = owner_.open_account();
  return charge_.try_hold(bytes);
}

/// What cannot be paid for is read past.
void session::on_part() {
  unpaid_ = unpaid_ || !owner_.has_room_for_parts() || !pay(buffer_.size());
  if (unpaid_)
    forget_message();
}

void session::on_message() {
  if (!stream_.got_text()) {
    caf::anon_send(batcher_, atom::close_v, static_cast<uint16_t>(ws_close::wrong_kind),
                   std::string{"only text is understood"});
  } else {
    count_request();
    owe();
    caf::anon_send(batcher_, atom::append_v, take_request());
  }
  forget_message();
  unpaid_ = false;
}

ws_request session::take_request() {
  ws_request asked;
  if (!unpaid_)
    asked = json::read_ws_request(boost::beast::buffers_to_string(buffer_.data()));
  if (unpaid_ || !pay(buffer_.size() + names_bytes(asked)))
    asked.what = ws_mistake{std::string{to_string(ec::overloaded)},
                            "too much is on its way in; try again"};
  else
    caf::visit(payment{std::move(charge_)}, asked.what);
  return asked;
}

void session::forget_message() {
  charge_ = {};
  buffer_.consume(buffer_.size());
  if (buffer_.capacity() > part_bytes_max)
    buffer_.shrink_to_fit();
}

} // namespace sluice::websocket
