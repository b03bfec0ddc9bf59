// What a connection says: answers, refusals, and the wait for the last of them to
// arrive.
#include "app/http/answer_head.hpp"
#include "app/http/connection.hpp"
#include "app/http/cors.hpp"
#include "app/http/problem.hpp"
#include "messages/answer_room.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {

namespace {

using boost::system::error_code;

/// A refused request's body up to here is read past, to keep the connection.
constexpr uint64_t read_past_bytes_max = 65'536;

/// Answers up to here are written with one call, longer ones in slices.
constexpr size_t joined_bytes_max = 65'536;
constexpr size_t slice_bytes = 262'144;

/// A client must take an answer at the pace that is the least, looked at over this time:
/// one that rests for some seconds lives, and so does one behind a modem.
constexpr caf::timespan taking_window = std::chrono::seconds{10};

/// How long, and how much, a client may go on sending after its last answer. Closing
/// at once would make its kernel throw the answer away.
constexpr caf::timespan linger_time = std::chrono::seconds{2};
constexpr size_t linger_bytes_max = 67'108'864;

} // namespace

// -- owing -------------------------------------------------------------------------

exchange_ptr connection::begin_work(request in) {
  enter(phase::working);
  deadline_.lift();
  auto x = std::make_shared<exchange>(std::move(in), shared_from_this());
  owing_ = x;
  if (pool_.on_work)
    pool_.on_work();
  return x;
}

/// What was asked goes on: of what cannot be taken back nobody knows how far it is.
void connection::look_after(places::clock::duration working) {
  if (phase_ != phase::working)
    return;
  const auto state = look_at_peer();
  if (state == peer::gone || (state == peer::silent && working >= patience()))
    return close();
  const auto& limits = actor().settings();
  const bool is_care = admitted_.to != nullptr && admitted_.to->takes_long;
  if (is_care || working < std::max(limits.answer_time_max, 2 * limits.disk_timeout))
    return;
  if (auto x = owing_.lock())
    x->reply(problem(ec::unavailable, "the answer takes too long, and is waited for no "
                                      "longer; what was asked may be done all the same"));
}

// -- refusing -----------------------------------------------------------------------

void connection::refuse(answer why) {
  if (in_.complete())
    return send(std::move(why));
  // Who announced to wait for a word may not send the body at all now.
  if (!keep_ || in_.expects() || !in_.has_at_most(read_past_bytes_max))
    return refuse_and_close(std::move(why));
  admitted_.refusal = std::move(why);
  in_.read_past_body(read_past_bytes_max);
  enter(phase::body);
  expect_progress();
  advance();
}

void connection::refuse_and_close(answer why) {
  if (admitted_.refusal) // was to be told once the body had been read past
    why = std::move(*admitted_.refusal);
  why.close = true;
  send(std::move(why));
}

void connection::refuse_no_room() {
  actor().refuse_no_room(begin_work({}), "too many bytes are on their way to the disk");
}

// -- writing ------------------------------------------------------------------------

void connection::on_answer(answer what) {
  if (phase_ == phase::closed)
    return;
  // There may be a body yet that was not worth keeping.
  go_on([&] { refuse(std::move(what)); });
}

void connection::send(answer what) {
  enter(phase::writing);
  keep_ = keep_ && !what.close && !pool_.stopping;
  if (in_.is_head())
    what.room = {};
  else
    actor().hold(what);
  if (!admitted_.origin.empty())
    what.headers += cors_fields(admitted_.origin);
  const auto idle = actor().settings().idle_timeout;
  out_ = answer_head(what, keep_ ? std::optional{idle} : std::nullopt);
  out_rest_.clear();
  rest_written_ = 0;
  if (!in_.is_head()) {
    if (what.body.size() <= joined_bytes_max)
      out_ += what.body;
    else
      out_rest_ = std::move(what.body);
  }
  room_ = std::move(what.room);
  looked_at_.reset();
  write_out();
}

/// What the kernel takes at once is written, with no turn of the loop for saying so. It
/// has that turn where the next request is here already: whoever gave this answer may be
/// about to give more, and a client that asks much at once takes turns with the others.
void connection::write_out() {
  auto rest = boost::asio::buffer(std::as_const(out_));
  const bool last = out_rest_.empty() && !(keep_ && in_.has_bytes());
  if (last)
    rest += write_at_once(rest);
  if (last && rest.size() == 0)
    return written({});
  // A small one costs no look, and its time no timer: it is gone before, mostly.
  if (room_.bytes() > 0)
    expect_taking();
  else
    deadline_.expect_within(taking_time(), shared_from_this());
  write(rest);
}

caf::timespan connection::taking_time() const {
  return std::min(taking_window, patience());
}

void connection::note_taken(places::clock::time_point now) {
  looked_at_ = now;
  taken_before_ = taken();
}

/// Until when the client must have taken some of the answer.
void connection::expect_taking() {
  note_taken(places::clock::now());
  deadline_.hurry(taking_time(), shared_from_this());
}

void connection::look_at_reader() {
  const auto so_far = places::clock::now() - looked_at_.value_or(places::clock::now());
  if (so_far < taking_time() || !is_slow(taken() - taken_before_, so_far))
    return expect_taking();
  actor().count_slow_reader();
  close();
}

void connection::write_slice() {
  const auto bytes = std::min(slice_bytes, out_rest_.size() - rest_written_);
  const auto slice = boost::asio::buffer(out_rest_.data() + rest_written_, bytes);
  rest_written_ += bytes;
  write(slice);
}

void connection::on_written(error_code code) {
  go_on([this, code] { written(code); });
}

void connection::written(error_code code) {
  if (code || phase_ == phase::closed)
    return close();
  if (phase_ == phase::inviting) {
    enter(phase::body);
    return advance();
  }
  if (rest_written_ < out_rest_.size())
    return write_slice();
  out_rest_ = {};
  if (out_.capacity() > small_answer_bytes_max)
    out_ = {};
  room_ = {};
  if (keep_)
    return read_header();
  enter(phase::lingering);
  progress_ = 0;
  deadline_.hurry(linger_time, shared_from_this());
  shut_down();
}

void connection::on_shut_down() {
  if (phase_ == phase::closed)
    return;
  go_on([this] {
    in_.clear();
    read(in_.room());
  });
}

void connection::on_lingered(error_code code, size_t bytes) {
  progress_ += bytes;
  if (code || progress_ > linger_bytes_max)
    close();
  else
    on_shut_down();
}

} // namespace sluice::http
