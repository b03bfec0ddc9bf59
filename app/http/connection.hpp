// A CONNECTION reads requests and writes their answers, one request in work at a
// time, so that pipelined ones are answered in order. What it runs on, plain or TLS,
// is the business of the stream that derives from it.
//
// Whatever is under way keeps it alive: an operation, a timer, or an exchange. Where what
// comes next cannot be done, for want of memory, it closes, and no other one with it.
#pragma once

#include "app/http/address_shares.hpp"
#include "app/http/deadline.hpp"
#include "app/http/edge.hpp"
#include "app/http/incoming.hpp"
#include "app/http/places.hpp"
#include "app/websocket/transport.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>

namespace sluice::http {

class connection;

/// A connection that goes on as a WebSocket.
struct upgraded {
  std::unique_ptr<websocket::transport> over;
  boost::beast::http::request<boost::beast::http::empty_body> request;
  /// What was read behind the request.
  std::string ahead;
  std::string remote;
  address_shares::share share;
};

/// What the connections of a server share.
struct connection_pool {
  edge& actor;
  admission& gate;
  /// All there are.
  std::unordered_set<connection*> open = {};
  /// Those that are served, and those for which there was no place among them.
  places regular = {};
  places spare = {};
  bool stopping = false;
  /// Called when a connection has ended.
  std::function<void()> on_closed = {};
  /// Called when one has begun to owe an answer.
  std::function<void()> on_work = {};
  /// Where those go that become a WebSocket, and whether there is room.
  std::function<void(upgraded)> on_upgrade = {};
  std::function<bool()> no_more_upgrades = {};
};

/// Where a connection came in.
struct entrance {
  /// For the check of `Host`, where the service listens on all addresses; else empty.
  std::string local_address;
  /// Whether it is a unix socket.
  bool local = false;
  /// Whether the client is on this machine.
  bool from_here = false;
  /// The client's address and port; empty for a unix socket.
  std::string remote = {};
  /// Whose connections are counted together; empty: they are not.
  std::string network = {};
};

class connection : public answer_sink,
                   public deadline::listener,
                   public std::enable_shared_from_this<connection> {
public:
  /// What is to be seen of a peer without reading.
  enum class peer : uint8_t {
    there,
    /// It says no more, which is how most leave, and may still listen.
    silent,
    gone,
  };

  connection(connection_pool& pool, entrance where);
  ~connection() override;

  /// Takes requests from now on. With a `limit`, static text, it is served one of those
  /// that tell how the service is; any other is refused with that.
  void start(places& among, address_shares::share share, std::string_view limit = {});

  /// Ends as soon as no answer is owed.
  void finish();

  /// Ends now.
  void close();

  bool is_idle() const { return phase_ == phase::idle; }

  /// Whether the request that comes in since then does so too slowly, or whether too
  /// little is taken of the answer that goes out: who is asked that for the first time
  /// is looked at, and may be slow when asked again.
  bool is_slower_than_allowed(places::clock::time_point since,
                              places::clock::time_point now);

  /// Whether the client of one that has owed an answer for so long is still there, and
  /// is to wait on.
  void look_after(places::clock::duration working);

  void on_answer(answer what) override;
  void on_late() override;

protected:
  // -- what a stream does ---------------------------------------------------------

  /// Gets the stream ready, then calls `on_ready`.
  virtual void prepare() = 0;
  /// Reads some bytes, then calls `on_read`.
  virtual void read(boost::asio::mutable_buffer into) = 0;
  /// Writes what can go at once, if anything can, and returns how much has gone. A
  /// failure is for the next `write` to find.
  virtual size_t write_at_once(boost::asio::const_buffer) { return 0; }
  /// Writes all bytes, then calls `on_written`.
  virtual void write(boost::asio::const_buffer from) = 0;
  /// Tells the peer that nothing more comes, then calls `on_shut_down`. From then on
  /// `read` delivers what comes, whatever it means.
  virtual void shut_down() = 0;
  /// Makes the operation under way end with an error.
  virtual void cancel() = 0;
  virtual void close_socket() = 0;
  /// Bytes that the peer's side has taken so far: written, and not in our kernel's
  /// buffers any more.
  virtual int64_t taken() = 0;
  /// Has the kernel drop what it has not sent when the socket is closed.
  virtual void drop_unsent() = 0;
  virtual peer look_at_peer() = 0;
  /// Hands over what it runs on.
  virtual std::unique_ptr<websocket::transport> release() = 0;

  // -- what a stream tells --------------------------------------------------------

  void on_ready(boost::system::error_code code);
  void on_read(boost::system::error_code code, size_t bytes);
  void on_written(boost::system::error_code code);
  void on_shut_down();

  edge& actor() const { return pool_.actor; }

private:
  /// Does the next thing; one that fails is the last.
  template <class F>
  void go_on(F what) {
    try {
      what();
    } catch (const std::exception&) {
      close();
    }
  }

  enum class phase : uint8_t {
    preparing,
    /// Between two requests.
    idle,
    header,
    /// The client is being told to send its body.
    inviting,
    body,
    /// An exchange owes the answer.
    working,
    writing,
    /// The last answer is out; what still comes in is read and dropped.
    lingering,
    closed,
  };

  void enter(phase next);
  places::kind kind() const;

  // -- reading ----------------------------------------------------------------------

  void take(boost::system::error_code code, size_t bytes);
  void read_header();
  void advance();
  bool advance_once();
  void on_header();
  void read_body();
  void dispatch();
  exchange_ptr begin_work(request in);
  void upgrade();
  void forget();

  // -- refusing ---------------------------------------------------------------------

  void refuse(answer why);
  void refuse_and_close(answer why);
  void refuse_no_room();

  // -- writing ----------------------------------------------------------------------

  void send(answer what);
  void write_out();
  void written(boost::system::error_code code);
  void write_slice();
  void on_lingered(boost::system::error_code code, size_t bytes);

  /// Whether it is less than the least pace that so many bytes moved in that time.
  static bool is_slow(int64_t bytes, places::clock::duration so_far);
  void expect_progress();
  caf::timespan patience() const;
  caf::timespan taking_time() const;
  void expect_taking();
  void look_at_reader();
  void note_taken(places::clock::time_point now);

  connection_pool& pool_;
  const entrance where_;
  address_shares::share share_;
  std::string_view limit_;
  places* among_ = nullptr;
  places::place place_ = {};
  phase phase_ = phase::preparing;
  /// Whether a whole header has come.
  bool has_asked_ = false;

  incoming in_;
  admitted admitted_;
  /// What owes the answer.
  std::weak_ptr<exchange> owing_;
  /// Whether another request may follow.
  bool keep_ = false;
  /// Whether `advance` is further up the stack.
  bool advancing_ = false;

  /// The answer's beginning, and the rest if that is long; and what holds both.
  std::string out_;
  std::string out_rest_;
  size_t rest_written_ = 0;
  credit room_;
  /// When the peer was looked at last while this answer went out, and what it had taken.
  std::optional<places::clock::time_point> looked_at_;
  int64_t taken_before_ = 0;

  deadline deadline_;
  /// The time for a request is over.
  bool late_ = false;
  /// Bytes read since the deadline was set, or lingered over.
  size_t progress_ = 0;
  /// Bytes of a request for which a read of its own was needed.
  size_t asked_bytes_ = 0;
};

} // namespace sluice::http
