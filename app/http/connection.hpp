// A CONNECTION reads requests and writes their answers, one request in work at a
// time, so that pipelined ones are answered in order. What it runs on, plain or TLS,
// is the business of the stream that derives from it.
//
// Whatever is under way keeps it alive: an operation, or an exchange.
#pragma once

#include "app/http/admission.hpp"
#include "app/http/charged_body.hpp"
#include "app/http/edge.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

namespace sluice::http {

class connection;

/// What the connections of a server share.
struct connection_pool {
  edge& actor;
  admission& gate;
  std::unordered_set<connection*> open = {};
  bool stopping = false;
  /// Called when a connection has ended.
  std::function<void()> on_closed = {};
};

class connection : public answer_sink, public std::enable_shared_from_this<connection> {
public:
  explicit connection(connection_pool& pool);

  /// Takes requests from now on.
  void start();

  /// Says that there are too many connections, and ends.
  void turn_away();

  /// Ends as soon as no answer is owed.
  void finish();

  /// Ends now.
  void close();

  bool is_idle() const { return phase_ == phase::idle; }

  void on_answer(answer what) override;

protected:
  // -- what a stream does ---------------------------------------------------------

  /// Gets the stream ready, then calls `on_ready`.
  virtual void prepare() = 0;
  /// Reads some bytes, then calls `on_read`.
  virtual void read(boost::asio::mutable_buffer into) = 0;
  /// Writes all bytes, then calls `on_written`.
  virtual void write(boost::asio::const_buffer from) = 0;
  /// Tells the peer that nothing more comes, then calls `on_shut_down`. From then on
  /// `read` delivers what comes, whatever it means.
  virtual void shut_down() = 0;
  /// Makes the operation under way end with an error.
  virtual void cancel() = 0;
  virtual void close_socket() = 0;

  // -- what a stream tells --------------------------------------------------------

  void on_ready(boost::system::error_code code);
  void on_read(boost::system::error_code code, size_t bytes);
  void on_written(boost::system::error_code code);
  void on_shut_down();

  edge& actor() { return pool_.actor; }

  /// For the check of `Host`; see `head`.
  std::string local_address_;
  bool local_ = false;

private:
  enum class phase : uint8_t {
    preparing,
    /// Between two requests.
    idle,
    header,
    /// The client was told to send its body.
    inviting,
    body,
    /// An exchange owes the answer.
    working,
    writing,
    /// The last answer is out; what still comes in is read and dropped.
    lingering,
    closed,
  };

  using parser = boost::beast::http::request_parser<charged_body>;

  // -- reading ----------------------------------------------------------------------

  void read_header();
  void read_more();
  void parse();
  bool parse_some();
  void on_header();
  bool charge_header();
  void read_body();
  void on_bad_request(boost::system::error_code code);
  void dispatch();
  head describe() const;
  charged_body::value_type& body() { return parser_->get().body(); }

  // -- refusing ---------------------------------------------------------------------

  void refuse(answer why);
  void refuse_no_room();
  bool worth_reading_past() const;

  // -- writing ----------------------------------------------------------------------

  void send(answer what);
  void write_slice();

  // -- time -------------------------------------------------------------------------

  void expect_within(caf::timespan span);
  void arm();
  void on_timer();
  void on_late();

  connection_pool& pool_;
  phase phase_ = phase::preparing;

  boost::beast::flat_buffer buffer_;
  std::optional<parser> parser_;
  admitted admitted_;
  size_t header_bytes_ = 0;
  /// Whether the answer goes without its body.
  bool is_head_ = false;
  /// Whether another request may follow.
  bool keep_ = false;
  /// Whether `parse` is further up the stack.
  bool parsing_ = false;

  /// The answer's beginning, and the rest if that is long.
  std::string out_;
  std::string out_rest_;
  size_t rest_written_ = 0;

  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_;
  bool armed_ = false;
  /// The time for a request is over.
  bool late_ = false;
  /// Bytes of the body since the deadline was set, or bytes lingered over.
  size_t progress_ = 0;
};

} // namespace sluice::http
