// A SESSION is a client's connection on the Asio thread: the handshake, what the client
// says, whether it is still there, and the end. Whatever is written goes through its
// batcher.
#pragma once

#include "app/websocket/handshake.hpp"
#include "app/websocket/layer.hpp"
#include "app/websocket/outlet.hpp"
#include "messages/ws_batcher.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sluice::websocket {

/// What a session tells whoever holds it.
class session_owner {
public:
  virtual ~session_owner() = default;
  virtual void on_received(size_t bytes) = 0;
  /// What pays for a request.
  virtual credit open_account() = 0;
  /// Whether more may be held of requests that are not whole.
  virtual bool has_room_for_parts() = 0;
  virtual void on_ended(uint64_t id) = 0;
};

class session final : public reading_half,
                      public layer::listener,
                      public std::enable_shared_from_this<session> {
public:
  using clock = std::chrono::steady_clock;

  session(session_owner& owner, uint64_t id, std::unique_ptr<transport> over,
          upgrade_request request, std::string ahead, bool deflate);

  /// How the client wants its messages.
  framing how() const { return how_; }
  std::shared_ptr<transport> over() const { return over_; }
  std::shared_ptr<debt> owed() const { return owed_; }

  /// Answers the handshake, and listens; false if the batcher has ended already.
  bool start(ws_batcher_actor batcher);

  /// Gives this answer to the handshake instead, and lets the client go.
  void refuse(std::string_view answer);

  /// Pings a client that was silent for half of `idle`, and lets one go that was silent
  /// for all of it.
  void look_after(clock::time_point now, clock::duration idle);

  /// Ends now.
  void end();

  /// Does the next thing; one that fails, for want of memory, is the last.
  template <class F>
  void go_on(F what) {
    try {
      what();
    } catch (const std::exception&) {
      end();
    }
  }

  void on_no_room() override;
  void on_settled() override;
  void on_farewell() override;
  void on_end() override;
  std::shared_ptr<void> hold() override { return shared_from_this(); }
  void on_failure() override { end(); }
  void on_bytes(size_t count) override;
  void on_frame(std::string frame) override;

private:
  void accept();
  void read();
  void on_part();
  void on_message();
  bool pay(size_t bytes);
  ws_request take_request();
  void forget_message();
  void on_broken(boost::system::error_code code);
  void count_request();
  void owe();
  void adjust_pace();
  bool is_stuck(clock::time_point now, clock::duration idle) const;
  void linger();
  void read_past();

  session_owner& owner_;
  const uint64_t id_;
  std::shared_ptr<transport> over_;
  upgrade_request request_;
  boost::beast::websocket::stream<layer> stream_;
  boost::beast::flat_buffer buffer_;
  ws_batcher_actor batcher_;
  framing how_;

  /// Pays for what is in the buffer.
  credit charge_;
  /// The message could not be paid for, and is read past.
  bool unpaid_ = false;
  /// When the message began that has not come to its end.
  std::optional<clock::time_point> began_;
  /// How many had ended then.
  uint64_t ended_before_ = 0;
  /// Since when the socket takes nothing.
  std::optional<clock::time_point> blocked_since_;

  std::shared_ptr<debt> owed_ = std::make_shared<debt>();
  /// Requests in the second that began at `second_`.
  size_t asked_ = 0;
  clock::time_point second_;
  clock::time_point heard_ = clock::now();
  bool pinged_ = false;
  bool parting_ = false;
  bool ended_ = false;
  /// There is no batcher yet, and there will be none.
  bool let_go_ = false;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer farewell_;
};

} // namespace sluice::websocket
