#include "app/http/framing.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <algorithm>

namespace sluice::http {

namespace {

using boost::beast::http::field;

/// Digits of a 64-bit number. More are zeros in front, or too much for somebody.
constexpr uint64_t chunk_digits_max = 16;

/// What may stand behind all numbers together: so much, and a share of the body more, for
/// those who sign each chunk.
constexpr uint64_t extensions_bytes_max = 16'384;
constexpr uint64_t extensions_share = 8;

/// Fields that are no lists: of two, one reader takes the first, another the last.
struct single {
  enum : unsigned {
    content_length = 1,
    transfer_encoding = 2,
    host = 4,
    origin = 8,
    authorization = 16,
    content_type = 32,
    websocket_key = 64,
    websocket_version = 128,
  };
};

unsigned single_of(field name) {
  switch (name) {
    case field::content_length:
      return single::content_length;
    case field::transfer_encoding:
      return single::transfer_encoding;
    case field::host:
      return single::host;
    case field::origin:
      return single::origin;
    case field::authorization:
      return single::authorization;
    case field::content_type:
      return single::content_type;
    case field::sec_websocket_key:
      return single::websocket_key;
    case field::sec_websocket_version:
      return single::websocket_version;
    default:
      return 0;
  }
}

bool is_number(boost::beast::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

bool is_control(char x) {
  return (static_cast<unsigned char>(x) < ' ' && x != '\t') || x == '\x7f';
}

} // namespace

std::string_view fault_in(const boost::beast::http::request_header<>& x) {
  unsigned seen = 0;
  bool has_body = false;
  for (const auto& line : x) {
    const auto what = single_of(line.name());
    if ((seen & what) != 0)
      return "a field that says one thing is given twice in the header";
    seen |= what;
    if (what == single::content_length && !is_number(line.value()))
      return "Content-Length is one number";
    if (what == single::transfer_encoding
        && !boost::beast::iequals(line.value(), "chunked"))
      return "Transfer-Encoding is chunked, and nothing else";
    has_body = has_body || what == single::transfer_encoding
               || (what == single::content_length
                   && line.value().find_first_not_of('0') != line.value().npos);
  }
  const bool http_1_0 = x.version() < 11;
  if ((seen & single::transfer_encoding) != 0
      && ((seen & single::content_length) != 0 || http_1_0))
    return "Transfer-Encoding goes neither with Content-Length nor with HTTP/1.0";
  if ((seen & single::host) == 0 && !http_1_0)
    return "Host is missing in the header";
  // To some it begins the other protocol, to others it is the first request's.
  if (has_body && boost::beast::websocket::is_upgrade(x))
    return "a request that begins a WebSocket has no body";
  return {};
}

bool is_folded(std::string_view lines) {
  for (auto end = lines.find('\n'); end != lines.npos; end = lines.find('\n', end + 1)) {
    const auto next = lines.substr(end + 1, 1);
    if (next == " " || next == "\t")
      return true;
  }
  return false;
}

void chunk_lines::operator()(uint64_t chunk_bytes, boost::beast::string_view extensions,
                             boost::system::error_code& code) {
  constexpr uint64_t line_end_bytes = 2;
  const auto digits_end = passed_ + static_cast<uint64_t>(extensions.data() - bytes_);
  const auto digits = digits_end - line_;
  line_ = digits_end + extensions.size() + line_end_bytes + chunk_bytes + line_end_bytes;
  chunks_bytes_ += chunk_bytes;
  extensions_bytes_ += extensions.size();
  if (digits > chunk_digits_max)
    code = boost::beast::http::error::bad_chunk;
  else if (extensions_bytes_ > extensions_bytes_max + chunks_bytes_ / extensions_share
           || std::any_of(extensions.begin(), extensions.end(), is_control))
    code = boost::beast::http::error::bad_chunk_extension;
}

} // namespace sluice::http
