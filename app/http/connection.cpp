#include "app/http/connection.hpp"

#include "app/http/problem.hpp"

#include <algorithm>

namespace sluice::http {

namespace {

using boost::system::error_code;

/// A body must come at this pace at least, for each idle timeout.
constexpr size_t progress_bytes_min = 4'096;

/// At this pace a body must come once somebody else needs the place, and an answer must
/// be taken always.
constexpr double bytes_per_second_min = 1'024;

/// A connection for which there is no place may take so long.
constexpr caf::timespan limited_time_max = std::chrono::seconds{5};

} // namespace

connection::connection(connection_pool& pool, entrance where)
    : pool_(pool), where_(std::move(where)), deadline_(pool.actor.io()) {
  // nop
}

/// What had no memory to go on has let go of its connection without a word.
connection::~connection() {
  if (among_ != nullptr && phase_ != phase::closed)
    go_on([this] { forget(); });
}

// -- life ---------------------------------------------------------------------------

void connection::start(places& among, address_shares::share share,
                       std::string_view limit) {
  share_ = std::move(share);
  limit_ = limit;
  place_ = among.take(this);
  among_ = &among;
  go_on([this] {
    pool_.open.insert(this);
    expect_progress();
    prepare();
  });
}

void connection::finish() {
  keep_ = false;
  if (phase_ != phase::working && phase_ != phase::writing)
    close();
}

void connection::close() {
  if (phase_ == phase::closed)
    return;
  if (phase_ == phase::writing)
    drop_unsent();
  close_socket();
  forget();
}

/// Leaves the pool, which may end with it.
void connection::forget() {
  phase_ = phase::closed;
  deadline_.cancel();
  pool_.open.erase(this);
  among_->leave(place_);
  share_ = {};
  if (pool_.on_closed)
    pool_.on_closed();
}

void connection::enter(phase next) {
  phase_ = next;
  among_->move(place_, kind());
}

places::kind connection::kind() const {
  switch (phase_) {
    case phase::preparing:
      return places::kind::silent;
    case phase::idle:
    case phase::header: // whose end may never come
      return has_asked_ ? places::kind::resting : places::kind::silent;
    case phase::inviting:
    case phase::body:
      return places::kind::asking;
    case phase::lingering:
      return places::kind::leaving;
    case phase::writing:
      return places::kind::taking;
    case phase::working:
    case phase::closed:
      break;
  }
  return places::kind::busy;
}

bool connection::is_slow(int64_t bytes, places::clock::duration so_far) {
  using seconds = std::chrono::duration<double>;
  return static_cast<double>(bytes) < seconds{so_far}.count() * bytes_per_second_min;
}

bool connection::is_slower_than_allowed(places::clock::time_point since,
                                        places::clock::time_point now) {
  if (phase_ != phase::writing)
    return is_slow(static_cast<int64_t>(asked_bytes_), now - since);
  if (!looked_at_)
    note_taken(now);
  const auto so_far = now - *looked_at_;
  return so_far >= places::pace_grace && is_slow(taken() - taken_before_, so_far);
}

void connection::on_ready(error_code code) {
  if (code || phase_ == phase::closed)
    return close();
  go_on([this] { read_header(); });
}

void connection::expect_progress() {
  progress_ = 0;
  deadline_.expect_within(patience(), shared_from_this());
}

caf::timespan connection::patience() const {
  const auto idle = actor().settings().idle_timeout;
  return limit_.empty() ? idle : std::min(idle, limited_time_max);
}

void connection::on_late() {
  if (phase_ == phase::body && progress_ >= progress_bytes_min) {
    go_on([this] { expect_progress(); });
  } else if (phase_ == phase::header || phase_ == phase::body) {
    late_ = true;
    cancel();
  } else if (phase_ == phase::writing) {
    look_at_reader();
  } else {
    close();
  }
}

// -- reading ------------------------------------------------------------------------

void connection::read_header() {
  enter(phase::idle);
  admitted_ = {};
  keep_ = false;
  asked_bytes_ = 0;
  in_.begin();
  // The time for the first request began when the connection did.
  if (has_asked_)
    expect_progress();
  if (in_.has_begun()) {
    enter(phase::header);
    advance();
  } else if (pool_.stopping) {
    close();
  } else {
    read(in_.room());
  }
}

void connection::on_read(error_code code, size_t bytes) {
  go_on([this, code, bytes] { take(code, bytes); });
}

void connection::take(error_code code, size_t bytes) {
  if (phase_ == phase::lingering)
    return on_lingered(code, bytes);
  if (late_ && phase_ != phase::closed)
    return refuse_and_close(
      problem(408, "request-timeout", "the request took too long to arrive"));
  if (code)
    return close();
  in_.commit(bytes);
  if (phase_ == phase::idle) {
    if (!in_.has_begun())
      return read(in_.room());
    enter(phase::header);
    if (has_asked_)
      expect_progress();
  }
  progress_ += bytes;
  asked_bytes_ += bytes;
  advance();
}

void connection::advance() {
  if (advancing_)
    return;
  advancing_ = true;
  while ((phase_ == phase::header || phase_ == phase::body) && advance_once()) {
    // nop
  }
  advancing_ = false;
}

/// Returns whether it is worth while to call again.
bool connection::advance_once() {
  const auto what = in_.advance();
  if (what == incoming::event::more)
    read(in_.room());
  else if (what == incoming::event::malformed)
    refuse_and_close(in_.problem());
  else if (what == incoming::event::header)
    on_header();
  else if (what == incoming::event::starved)
    refuse_no_room();
  else if (what == incoming::event::spoilt)
    refuse(in_.problem());
  else if (what == incoming::event::complete)
    dispatch();
  return what != incoming::event::more;
}

void connection::on_header() {
  has_asked_ = true;
  auto what = in_.describe();
  // Who stands between may take what follows a wish for another protocol for that.
  keep_ = in_.keep_alive() && !what.upgrade && limit_.empty();
  what.where = {where_.local_address, where_.from_here};
  what.local = where_.local;
  admitted_ = pool_.gate.admit(what);
  const bool bounded = in_.complete() && admitted_.to && admitted_.to->vital;
  if (!admitted_.refusal && !limit_.empty() && !bounded)
    admitted_.refusal = problem(ec::unavailable, limit_);
  if (admitted_.refusal)
    return refuse(std::move(*std::exchange(admitted_.refusal, {})));
  // A request without a body is served even if there is no room: it brings nothing,
  // and may be the one that asks why.
  const bool paid = in_.charge_header(*actor().actors().in_flight);
  if (in_.complete())
    dispatch();
  else if (!paid)
    refuse_no_room();
  else
    read_body();
}

void connection::read_body() {
  enter(phase::body);
  const bool invite = in_.waits_for_a_word();
  in_.expect_body(actor().settings().max_body_bytes, admitted_.gzip);
  expect_progress();
  if (invite) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    enter(phase::inviting);
    write(boost::asio::buffer(go_on));
  }
}

void connection::dispatch() {
  if (admitted_.refusal)
    return send(std::move(*admitted_.refusal));
  if (admitted_.to->upgrade)
    return upgrade();
  auto& in = admitted_.in;
  in.body = std::move(in_.body().text);
  in.charge = std::move(in_.body().charge);
  auto x = begin_work(std::move(in));
  if (admitted_.to->shared)
    actor().share(*admitted_.to, std::move(x));
  else
    handle(actor(), *admitted_.to, x);
}

void connection::upgrade() {
  if (auto why = in_.check_upgrade())
    return send(std::move(*why));
  if (!pool_.on_upgrade || pool_.no_more_upgrades())
    return send(problem(ec::unavailable, "there are too many WebSocket connections"));
  upgraded result{release(), in_.take_header(), in_.take_rest(), where_.remote,
                  std::move(share_)};
  forget();
  pool_.on_upgrade(std::move(result));
}

} // namespace sluice::http
