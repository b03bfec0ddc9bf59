#include "app/http/incoming.hpp"

#include "app/http/problem.hpp"

#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>

namespace sluice::http {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::http::field;
using trouble = charged_body::trouble;

constexpr uint32_t header_bytes_max = 16'384;

/// Read at once: for a header, with which short bodies come along, and for a body.
constexpr size_t header_read_bytes = 16'384;
constexpr size_t body_read_bytes = 65'536;

/// Before a request; more are no request.
constexpr size_t empty_lines_max = 8;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// What all lines of a field say, as the list that they are.
std::string all_of(const beast_http::fields& from, field name) {
  std::string list;
  for (auto [line, end] = from.equal_range(name); line != end; ++line)
    list.append(list.empty() ? "" : ",").append(view(line->value()));
  return list;
}

/// Whether a browser asks for what a page of another site wants. Who follows a link goes
/// to what it names, and his page ends with that: he sees it. A frame, an image and what
/// is fetched ahead of a click are that page's.
bool is_for_other_page(const beast_http::fields& from) {
  const auto site = from["Sec-Fetch-Site"];
  if (site != "cross-site" && site != "same-site")
    return false;
  return from["Sec-Fetch-Mode"] != "navigate" || from["Sec-Fetch-Dest"] != "document"
         || !from["Sec-Purpose"].empty();
}

/// 16 bytes in base64.
bool is_websocket_key(std::string_view text) {
  constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.size() == 24 && text.find_first_not_of(alphabet) == 22
         && text.ends_with("==");
}

} // namespace

void incoming::begin() {
  parser_.emplace();
  parser_->header_limit(header_bytes_max);
  // The length of a body is admission's business, which has more to say first.
  parser_->body_limit(boost::none);
  chunks_ = {};
  error_ = {};
  fault_ = {};
  header_bytes_ = 0;
  in_body_ = false;
  told_of_trouble_ = false;
  empty_lines_ = 0;
  if (!has_bytes() && buffer_.capacity() > header_read_bytes)
    buffer_.shrink_to_fit();
}

boost::asio::mutable_buffer incoming::room() {
  return buffer_.prepare((in_body_ ? body_read_bytes : header_read_bytes)
                         - buffer_.size());
}

bool incoming::has_begun() {
  static constexpr std::string_view line_end = "\r\n";
  const auto beginning = [this] {
    return std::string_view{static_cast<const char*>(buffer_.data().data()),
                            std::min(buffer_.size(), line_end.size())};
  };
  while (empty_lines_ < empty_lines_max && beginning() == line_end) {
    buffer_.consume(line_end.size());
    ++empty_lines_;
  }
  return beginning() == line_end || !line_end.starts_with(beginning());
}

incoming::event incoming::advance() {
  if (!has_bytes())
    return event::more;
  const auto* begin = static_cast<const char*>(buffer_.data().data());
  chunks_.begin(begin);
  const auto bytes = parser_->put(buffer_.data(), error_);
  const bool folded = !in_body_ && is_folded({begin, bytes});
  chunks_.pass(in_body_ ? bytes : 0);
  header_bytes_ += in_body_ ? 0 : bytes;
  buffer_.consume(bytes);
  if (folded)
    return refuse("a line of the header goes on in the next");
  if (in_body_ && body().why != trouble::none && !std::exchange(told_of_trouble_, true))
    return body().why == trouble::no_room ? event::starved : event::spoilt;
  if (error_ == beast_http::error::need_more) {
    // A header, a chunk's header or a trailer that does not end.
    if (buffer_.size() < header_read_bytes)
      return event::more;
    error_ = beast_http::error::header_limit;
  }
  if (error_)
    return event::malformed;
  if (!in_body_)
    return parser_->is_header_done() ? on_header() : event::more;
  return complete() ? event::complete : event::piece;
}

incoming::event incoming::on_header() {
  const auto fault = fault_in(parser_->get().base());
  if (!fault.empty())
    return refuse(fault);
  join_lists();
  if (parser_->chunked())
    parser_->on_chunk_header(chunks_);
  return event::header;
}

incoming::event incoming::refuse(std::string_view fault) {
  fault_ = fault;
  return event::malformed;
}

/// Lines of one name are one list, wherever it is cut. Whoever looks at a field from now
/// on sees all of it.
void incoming::join_lists() {
  auto& fields = parser_->get();
  for (auto name : {field::connection, field::upgrade, field::content_encoding,
                    field::sec_websocket_protocol, field::sec_websocket_extensions})
    if (fields.count(name) > 1)
      fields.set(name, all_of(fields, name));
}

head incoming::describe() const {
  const auto& fields = parser_->get();
  head result;
  result.method = view(fields.method_string());
  result.target = view(fields.target());
  result.host = view(fields[field::host]);
  result.origin = view(fields[field::origin]);
  result.authorization = view(fields[field::authorization]);
  result.content_type = view(fields[field::content_type]);
  result.content_encoding = view(fields[field::content_encoding]);
  result.preflight = fields.method() == beast_http::verb::options
                     && fields.count(field::access_control_request_method) > 0;
  result.for_other_page = is_for_other_page(fields);
  if (!parser_->chunked())
    result.content_length = parser_->content_length().value_or(0);
  result.http_1_0 = is_http_1_0();
  result.upgrade = boost::beast::websocket::is_upgrade(fields.base());
  return result;
}

std::optional<answer> incoming::check_upgrade() const {
  const auto& fields = parser_->get();
  const auto right_version = fields[field::sec_websocket_version] == "13";
  if (!boost::beast::websocket::is_upgrade(fields.base()) || !right_version) {
    auto why =
      http::problem(426, "upgrade-required", "this path speaks WebSocket, version 13");
    why.headers = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    return why;
  }
  if (!is_websocket_key(view(fields[field::sec_websocket_key])))
    return http::problem(ec::invalid_argument, "Sec-WebSocket-Key is malformed");
  return {};
}

beast_http::request<beast_http::empty_body> incoming::take_header() {
  return beast_http::request<beast_http::empty_body>{std::move(parser_->get().base())};
}

std::string incoming::take_rest() {
  auto rest = boost::beast::buffers_to_string(buffer_.data());
  buffer_.clear();
  return rest;
}

bool incoming::is_head() const {
  return parser_->get().method() == beast_http::verb::head;
}

bool incoming::waits_for_a_word() const {
  return !is_http_1_0() && !has_bytes()
         && boost::beast::iequals(parser_->get()[field::expect], "100-continue");
}

bool incoming::expects() const {
  return !parser_->get()[field::expect].empty();
}

bool incoming::has_at_most(uint64_t bytes) const {
  if (parser_->chunked())
    return true;
  const auto left = parser_->content_length_remaining();
  return (left ? *left : parser_->content_length().value_or(0)) <= bytes;
}

bool incoming::charge_header(budget& from) {
  auto [charge, drawn] = from.try_draw(header_bytes_);
  body().charge = std::move(charge);
  return drawn;
}

void incoming::expect_body(uint64_t bytes_max, bool gzip) {
  in_body_ = true;
  parser_->eager(true);
  parser_->body_limit(bytes_max);
  body().bytes_max = bytes_max;
  if (gzip)
    body().packed = std::make_unique<gunzip>();
}

void incoming::read_past_body(uint64_t bytes_max) {
  body().drop();
  expect_body(bytes_max, false);
}

answer incoming::problem() const {
  if (error_ == beast_http::error::header_limit)
    return http::problem(431, "header-too-large", "the request's header is too large");
  const auto why = parser_->get().body().why;
  if (why == trouble::garbled)
    return http::problem(ec::invalid_argument,
                         "the body is not what Content-Encoding: gzip announces, or is "
                         "cut off");
  if (why == trouble::too_large || error_ == beast_http::error::body_limit)
    return http::problem(ec::too_large, "the body is larger than allowed");
  return http::problem(ec::invalid_argument,
                       "malformed HTTP: "
                         + (fault_.empty() ? error_.message() : std::string{fault_}));
}

} // namespace sluice::http
