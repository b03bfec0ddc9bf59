// An INCOMING request: bytes from the socket go in, events come out. It keeps what is
// behind the request for the next one, and charges what it keeps.
#pragma once

#include "app/http/admission.hpp"
#include "app/http/charged_body.hpp"
#include "app/http/framing.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

class incoming {
public:
  enum class event : uint8_t {
    /// More bytes are needed.
    more,
    /// The header is complete; `describe` tells it.
    header,
    /// A piece of the body came.
    piece,
    /// There was no room for the body; what is left of it will not be kept.
    starved,
    /// The body is none that can be taken; `problem` tells. Likewise.
    spoilt,
    complete,
    /// It is no HTTP, or longer than allowed; `problem` tells.
    malformed,
  };

  /// Starts with the next request.
  void begin();

  /// Where to read to.
  boost::asio::mutable_buffer room();
  void commit(size_t bytes) { buffer_.commit(bytes); }
  bool has_bytes() const { return buffer_.size() > 0; }
  /// Drops empty lines before a request, as some clients send them behind one. Returns
  /// whether something of a request is there.
  bool has_begun();
  /// Drops everything that was read.
  void clear() { buffer_.clear(); }

  /// Looks at what was read.
  event advance();

  // -- after the header -------------------------------------------------------------

  head describe() const;
  /// Says why the request cannot begin a WebSocket, or nothing.
  std::optional<answer> check_upgrade() const;
  /// The request without its body, and whatever was read behind it.
  boost::beast::http::request<boost::beast::http::empty_body> take_header();
  std::string take_rest();
  bool complete() const { return parser_->is_done(); }
  bool is_head() const;
  bool is_http_1_0() const { return parser_->get().version() < 11; }
  bool keep_alive() const { return parser_->keep_alive(); }
  /// Whether the client waits for a word before it sends the body.
  bool waits_for_a_word() const;
  /// Whether the client has announced that it would wait, whatever it did since.
  bool expects() const;
  /// Whether the rest of the body is at most so long, as far as is known.
  bool has_at_most(uint64_t bytes) const;

  /// Pays for the header; false if there is no room.
  bool charge_header(budget& from);

  /// The rest is the body, at most so long, packed or not.
  void expect_body(uint64_t bytes_max, bool gzip);
  /// The same, but nothing of it is kept, nor looked at.
  void read_past_body(uint64_t bytes_max);

  charged_body::value_type& body() { return parser_->get().body(); }
  answer problem() const;

private:
  using parser = boost::beast::http::request_parser<charged_body>;

  event on_header();
  event refuse(std::string_view fault);
  void join_lists();

  boost::beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  chunk_lines chunks_;
  boost::system::error_code error_;
  /// What is wrong although the parser takes it; static text.
  std::string_view fault_;
  size_t header_bytes_ = 0;
  bool in_body_ = false;
  bool told_of_trouble_ = false;
  size_t empty_lines_ = 0;
};

} // namespace sluice::http
