#include "app/http/connection.hpp"

#include "app/http/answer_head.hpp"
#include "app/http/problem.hpp"

#include <boost/asio/error.hpp>

namespace sluice::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::http::field;
using boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr uint32_t header_bytes_max = 16'384;

/// Read at once: for a header, with which short bodies come along, and for a body.
constexpr size_t header_read_bytes = 16'384;
constexpr size_t body_read_bytes = 65'536;

/// A refused request's body up to here is read past, to keep the connection.
constexpr uint64_t read_past_bytes_max = 65'536;

/// A body must come at this pace at least, for each idle timeout.
constexpr size_t progress_bytes_min = 4'096;

/// Answers up to here are written with one call, longer ones in slices: each slice
/// has the idle timeout for itself.
constexpr size_t joined_bytes_max = 65'536;
constexpr size_t slice_bytes = 262'144;

/// How long, and how much, a client may go on sending after its last answer. Closing
/// at once would make its kernel throw the answer away.
constexpr caf::timespan linger_time = std::chrono::seconds{2};
constexpr size_t linger_bytes_max = 67'108'864;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

} // namespace

connection::connection(connection_pool& pool)
    : pool_(pool), timer_(pool.actor.io()) {
  // nop
}

// -- life ---------------------------------------------------------------------------

void connection::start() {
  pool_.open.insert(this);
  expect_within(actor().settings().idle_timeout);
  prepare();
}

void connection::turn_away() {
  pool_.open.insert(this);
  send(problem(ec::unavailable, "there are too many connections"));
}

void connection::finish() {
  keep_ = false;
  if (phase_ != phase::working && phase_ != phase::writing)
    close();
}

void connection::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  timer_.cancel();
  close_socket();
  pool_.open.erase(this);
  if (pool_.on_closed)
    pool_.on_closed();
}

void connection::on_ready(error_code code) {
  if (code || phase_ == phase::closed)
    return close();
  read_header();
}

// -- reading ------------------------------------------------------------------------

void connection::read_header() {
  phase_ = phase::idle;
  admitted_ = {};
  parser_.emplace();
  parser_->header_limit(header_bytes_max);
  // The length of a body is admission's business, which has more to say first.
  parser_->body_limit(boost::none);
  header_bytes_ = 0;
  is_head_ = false;
  keep_ = false;
  if (buffer_.capacity() > body_read_bytes)
    buffer_.shrink_to_fit();
  expect_within(actor().settings().idle_timeout);
  if (buffer_.size() > 0) {
    phase_ = phase::header;
    parse();
  } else if (pool_.stopping) {
    close();
  } else {
    read_more();
  }
}

void connection::read_more() {
  const auto bytes = phase_ == phase::body ? body_read_bytes : header_read_bytes;
  if (buffer_.size() >= bytes) // a chunk's header, or a trailer, that does not end
    return on_bad_request(beast_http::error::header_limit);
  read(buffer_.prepare(bytes - buffer_.size()));
}

void connection::on_read(error_code code, size_t bytes) {
  if (phase_ == phase::closed)
    return;
  if (phase_ == phase::lingering) {
    progress_ += bytes;
    return code || progress_ > linger_bytes_max ? close() : on_shut_down();
  }
  if (late_) {
    auto answer = problem(408, "request-timeout", "the request took too long to arrive");
    answer.close = true;
    return send(std::move(answer));
  }
  if (code)
    return close();
  buffer_.commit(bytes);
  progress_ += bytes;
  if (phase_ == phase::idle) {
    phase_ = phase::header;
    expect_within(actor().settings().idle_timeout);
  }
  parse();
}

void connection::parse() {
  if (parsing_)
    return;
  parsing_ = true;
  while ((phase_ == phase::header || phase_ == phase::body) && parse_some()) {
    // nop
  }
  parsing_ = false;
}

/// Returns whether there may be more to parse.
bool connection::parse_some() {
  error_code code = beast_http::error::need_more;
  size_t bytes = 0;
  if (buffer_.size() > 0)
    bytes = parser_->put(buffer_.data(), code);
  buffer_.consume(bytes);
  if (code == beast_http::error::need_more) {
    read_more();
    return false;
  }
  if (code) {
    on_bad_request(code);
    return false;
  }
  if (phase_ == phase::header) {
    header_bytes_ += bytes;
    if (parser_->is_header_done())
      on_header();
  } else if (body().starved && !admitted_.refusal) {
    refuse_no_room();
  } else if (parser_->is_done()) {
    dispatch();
  }
  return true;
}

void connection::on_header() {
  const auto& fields = parser_->get();
  keep_ = parser_->keep_alive();
  is_head_ = fields.method() == beast_http::verb::head;
  const auto coding = fields[field::transfer_encoding];
  if (!coding.empty() && !boost::beast::iequals(coding, "chunked"))
    return on_bad_request(beast_http::error::bad_transfer_encoding);
  const auto hosts = fields.count(field::host);
  if (hosts > 1 || (hosts == 0 && fields.version() >= 11))
    return on_bad_request(beast_http::error::bad_field);
  admitted_ = pool_.gate.admit(describe());
  if (admitted_.refusal)
    return refuse(std::move(*std::exchange(admitted_.refusal, {})));
  if (!charge_header() && !parser_->is_done())
    return refuse_no_room();
  if (parser_->is_done())
    dispatch();
  else
    read_body();
}

bool connection::charge_header() {
  auto [charge, drawn] = actor().actors().in_flight->try_draw(header_bytes_);
  body().charge = std::move(charge);
  return drawn;
}

void connection::read_body() {
  phase_ = phase::body;
  parser_->eager(true);
  parser_->body_limit(actor().settings().max_body_bytes);
  progress_ = 0;
  expect_within(actor().settings().idle_timeout);
  const auto& fields = parser_->get();
  const bool asks = boost::beast::iequals(fields[field::expect], "100-continue");
  if (asks && fields.version() >= 11 && buffer_.size() == 0) {
    phase_ = phase::inviting;
    write(boost::asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25));
  }
}

void connection::on_bad_request(error_code code) {
  answer why;
  if (admitted_.refusal)
    why = std::move(*admitted_.refusal);
  else if (code == beast_http::error::header_limit)
    why = problem(431, "header-too-large", "the request's header is too large");
  else if (code == beast_http::error::body_limit)
    why = problem(ec::too_large, "the body is larger than "
                                   + std::to_string(actor().settings().max_body_bytes)
                                   + " bytes");
  else
    why = problem(ec::invalid_argument, "malformed HTTP: " + code.message());
  why.close = true;
  send(std::move(why));
}

void connection::dispatch() {
  if (admitted_.refusal)
    return send(std::move(*admitted_.refusal));
  phase_ = phase::working;
  auto& in = admitted_.in;
  in.body = std::move(body().text);
  in.charge = std::move(body().charge);
  auto x = std::make_shared<exchange>(std::move(in), shared_from_this());
  try {
    admitted_.to->handle(actor(), x);
  } catch (const std::exception& what) {
    x->reply(problem(ec::unavailable, what.what()));
  }
}

head connection::describe() const {
  const auto& fields = parser_->get();
  head result;
  result.method = view(fields.method_string());
  result.target = view(fields.target());
  result.host = view(fields[field::host]);
  result.origin = view(fields[field::origin]);
  result.authorization = view(fields[field::authorization]);
  result.content_type = view(fields[field::content_type]);
  if (!parser_->chunked())
    result.content_length = parser_->content_length().value_or(0);
  result.http_1_0 = fields.version() < 11;
  result.local_address = local_address_;
  result.local = local_;
  return result;
}

// -- refusing -----------------------------------------------------------------------

void connection::refuse(answer why) {
  if (parser_->is_done())
    return send(std::move(why));
  if (!worth_reading_past()) {
    why.close = true;
    return send(std::move(why));
  }
  body().drop();
  admitted_.refusal = std::move(why);
  phase_ = phase::body;
  parser_->eager(true);
  parser_->body_limit(read_past_bytes_max);
  progress_ = 0;
  expect_within(actor().settings().idle_timeout);
  parse();
}

void connection::refuse_no_room() {
  phase_ = phase::working;
  actor().refuse_no_room(std::make_shared<exchange>(request{}, shared_from_this()));
}

bool connection::worth_reading_past() const {
  // Who waits for a word before sending the body does not send it now.
  if (!keep_ || !parser_->get()[field::expect].empty())
    return false;
  if (parser_->chunked())
    return true; // as far as the limit for its length allows
  auto length = parser_->content_length_remaining();
  return (length ? *length : parser_->content_length().value_or(0)) <= read_past_bytes_max;
}

// -- writing ------------------------------------------------------------------------

void connection::on_answer(answer what) {
  if (phase_ == phase::closed)
    return;
  if (parser_->is_done())
    send(std::move(what));
  else
    refuse(std::move(what));
}

void connection::send(answer what) {
  phase_ = phase::writing;
  keep_ = keep_ && !what.close && !pool_.stopping;
  const bool says_so = parser_ && parser_->get().version() < 11;
  out_ = answer_head(what, !keep_    ? persistence::close
                           : says_so ? persistence::keep_alive
                                     : persistence::implied);
  out_rest_.clear();
  rest_written_ = 0;
  if (!is_head_) {
    if (what.body.size() <= joined_bytes_max)
      out_ += what.body;
    else
      out_rest_ = std::move(what.body);
  }
  expect_within(actor().settings().idle_timeout);
  write(boost::asio::buffer(out_));
}

void connection::write_slice() {
  const auto bytes = std::min(slice_bytes, out_rest_.size() - rest_written_);
  const auto slice = boost::asio::buffer(out_rest_.data() + rest_written_, bytes);
  rest_written_ += bytes;
  expect_within(actor().settings().idle_timeout);
  write(slice);
}

void connection::on_written(error_code code) {
  if (code || phase_ == phase::closed)
    return close();
  if (phase_ == phase::inviting) {
    phase_ = phase::body;
    return parse();
  }
  if (rest_written_ < out_rest_.size())
    return write_slice();
  out_rest_ = {};
  if (keep_)
    return read_header();
  phase_ = phase::lingering;
  progress_ = 0;
  armed_ = false; // this deadline is nearer than the one before
  expect_within(linger_time);
  shut_down();
}

void connection::on_shut_down() {
  if (phase_ == phase::closed)
    return;
  buffer_.clear();
  read(buffer_.prepare(body_read_bytes));
}

// -- time -----------------------------------------------------------------------------

void connection::expect_within(caf::timespan span) {
  // The timer is left alone if it runs: it looks at the deadline when it fires. So a
  // busy connection sets a timer once in an idle timeout, not with every request.
  deadline_ = clock::now() + span;
  if (!armed_)
    arm();
}

void connection::arm() {
  armed_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](error_code code) {
    if (!code)
      self->on_timer();
  });
}

void connection::on_timer() {
  armed_ = false;
  if (phase_ == phase::working || phase_ == phase::closed)
    return;
  if (clock::now() < deadline_)
    arm();
  else
    on_late();
}

void connection::on_late() {
  if (phase_ == phase::body && progress_ >= progress_bytes_min) {
    progress_ = 0;
    expect_within(actor().settings().idle_timeout);
  } else if (phase_ == phase::header || phase_ == phase::body) {
    late_ = true;
    cancel();
  } else {
    close();
  }
}

} // namespace sluice::http
