// CAF's protocol on a unix socket: CAF itself offers TCP alone, but its servants take any
// descriptor. The service's side checks who comes, and everything that they send.
#pragma once

#include "app/introspection/asker.hpp"
#include "app/introspection/peer_check.hpp"
#include "messages/introspection.hpp"

#include <caf/io/doorman.hpp>
#include <caf/io/network/acceptor_impl.hpp>
#include <caf/io/network/scribe_impl.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace sluice::wire {

/// CAF tells its sockets apart by these; there are no ports here.
constexpr uint16_t only_port = 1;

class unix_scribe : public caf::io::network::scribe_impl {
public:
  using scribe_impl::scribe_impl;

  std::string addr() const override { return "unix"; }
  uint16_t port() const override { return only_port; }
};

class checked_scribe;

/// Those who are connected. When one too many comes, the one who was silent for longest
/// has to go: nobody can lock others out by holding connections.
class guests {
public:
  using clock = std::chrono::steady_clock;

  static constexpr size_t connections_max = 32;
  static constexpr uint64_t arrivals_per_second_max = 100;
  static constexpr uint64_t arrivals_at_once_max = 200;

  guests(std::shared_ptr<introspection_counts> counts, asker_words words)
      : counts_(std::move(counts)), words_(std::move(words)) {}

  introspection_counts& counts() { return *counts_; }

  /// Who it is at that socket.
  std::string words_for(int fd, const std::string& claim) const {
    return words_(fd, claim);
  }

  /// Whether one more may come in now.
  bool admit(clock::time_point now);

  /// The system let somebody in, or nobody.
  void accepted();
  void not_accepted();

  void came(checked_scribe* who, clock::time_point now);
  void heard(checked_scribe* who, clock::time_point now);
  void sent_away(checked_scribe* who);
  void left(checked_scribe* who);

  /// Lets go of those whom CAF has forgotten. On the multiplexer's thread.
  void sweep();

  /// Whether somebody else is here under that name.
  bool is_taken(const checked_scribe* by, const std::string& peer);

private:
  std::shared_ptr<introspection_counts> counts_;
  asker_words words_;
  token_bucket arrivals_{arrivals_per_second_max, arrivals_at_once_max};
  // Servants are destroyed wherever their last user lets go of them.
  std::mutex mutex_;
  std::map<checked_scribe*, clock::time_point> here_;
  /// These, and those who were sent away.
  std::set<checked_scribe*> all_;
};

/// The service's end of a connection.
class checked_scribe : public unix_scribe {
public:
  /// What may wait for a peer that asks and does not read.
  static constexpr size_t unread_bytes_max = 16'777'216;

  checked_scribe(caf::io::network::default_multiplexer& mx, int fd,
                 std::shared_ptr<guests> among, served what);
  ~checked_scribe() override;

  bool consume(caf::execution_unit* ctx, const void* data, size_t size) override;

  /// Ends the connection: for CAF it is as if the peer had.
  void hang_up();

  const std::string& peer() const { return check_.peer(); }

  /// Has no broker any more, and is in no loop: nothing will happen to it. It holds
  /// itself all the same, where what put it into the loop and what took it out came at
  /// once: CAF drops the two, and does not tell it.
  bool is_forgotten() const { return detached() && stream_.eventbf() == 0; }
  /// Holds itself no longer.
  void let_go();

private:
  bool consume_header(std::string_view bytes);
  bool consume_payload(caf::execution_unit* ctx, std::string_view bytes);
  bool hand_over_named(caf::execution_unit* ctx, std::string header,
                       std::string_view bytes);
  bool hand_over(caf::execution_unit* ctx, std::string_view bytes);
  bool refuse();

  std::shared_ptr<guests> guests_;
  served served_;
  peer_check check_;
  /// One that passed, and waits for what it announced.
  std::optional<std::string> header_;
  bool hung_up_ = false;
};

/// Accepts as CAF does, which would try again at once, and for ever, where the system has
/// no descriptor or memory left: nobody else has this thread to wait for.
class patient_accept {
public:
  explicit patient_accept(std::shared_ptr<guests> among) : guests_(std::move(among)) {}

  bool try_accept(caf::io::network::native_socket& result,
                  caf::io::network::native_socket fd);

private:
  std::shared_ptr<guests> guests_;
};

class unix_doorman : public caf::io::doorman {
public:
  unix_doorman(caf::io::network::default_multiplexer& mx, int fd,
               std::shared_ptr<guests> among, served what);

  bool new_connection() override;
  void launch() override { acceptor_.start(this); }
  void graceful_shutdown() override;
  void add_to_loop() override { acceptor_.activate(this); }
  void remove_from_loop() override { acceptor_.passivate(); }

  std::string addr() const override { return "unix"; }
  uint16_t port() const override { return only_port; }

private:
  caf::io::network::acceptor_impl<patient_accept> acceptor_;
  std::shared_ptr<guests> guests_;
  served served_;
};

} // namespace sluice::wire
