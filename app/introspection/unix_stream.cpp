#include "app/introspection/unix_stream.hpp"

#include "actors/detail/wall_clock.hpp"

#include <caf/io/abstract_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/native_socket.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::wire {

namespace {

constexpr auto accept_pause = std::chrono::milliseconds{100};

/// The same user, or root.
bool may_come(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0
         && (who.uid == geteuid() || who.uid == 0);
}

} // namespace

// -- who is there -----------------------------------------------------------------------

bool guests::admit(clock::time_point now) {
  return arrivals_.take(now);
}

void guests::accepted() {
  counts_->failing_since_ms = 0;
}

void guests::not_accepted() {
  ++counts_->failed_accepts;
  if (counts_->failing_since_ms == 0)
    counts_->failing_since_ms = detail::wall_clock_ms();
}

void guests::came(checked_scribe* who, clock::time_point now) {
  std::lock_guard guard{mutex_};
  if (here_.size() >= connections_max) {
    const auto silent =
      std::min_element(here_.begin(), here_.end(),
                       [](const auto& x, const auto& y) { return x.second < y.second; });
    silent->first->hang_up();
    here_.erase(silent);
    ++counts_->closed_peers;
  }
  here_.emplace(who, now);
  all_.insert(who);
  ++counts_->connections;
}

void guests::heard(checked_scribe* who, clock::time_point now) {
  std::lock_guard guard{mutex_};
  if (auto known = here_.find(who); known != here_.end())
    known->second = now;
}

void guests::sent_away(checked_scribe* who) {
  std::lock_guard guard{mutex_};
  here_.erase(who);
}

void guests::left(checked_scribe* who) {
  std::lock_guard guard{mutex_};
  here_.erase(who);
  all_.erase(who);
}

void guests::sweep() {
  std::vector<caf::intrusive_ptr<checked_scribe>> forgotten;
  {
    std::lock_guard guard{mutex_};
    // One that nobody holds is being destroyed, and waits for the mutex. Nobody but this
    // thread lets go of one that has no broker.
    for (auto* each : all_)
      if (each->is_forgotten() && each->get_reference_count() > 0)
        forgotten.emplace_back(each);
  }
  for (const auto& each : forgotten)
    each->let_go();
}

bool guests::is_taken(const checked_scribe* by, const std::string& peer) {
  std::lock_guard guard{mutex_};
  return std::any_of(here_.begin(), here_.end(), [&](const auto& x) {
    return x.first != by && x.first->peer() == peer;
  });
}

// -- one of them ------------------------------------------------------------------------

checked_scribe::checked_scribe(caf::io::network::default_multiplexer& mx, int fd,
                               std::shared_ptr<guests> among, served what)
    : unix_scribe(mx, fd), guests_(std::move(among)), served_(std::move(what)),
      check_(served_) {
  guests_->came(this, guests::clock::now());
}

checked_scribe::~checked_scribe() {
  guests_->left(this);
}

bool checked_scribe::consume(caf::execution_unit* ctx, const void* data, size_t size) {
  // What was on its way when the connection ended.
  if (hung_up_)
    return true;
  guests_->heard(this, guests::clock::now());
  const std::string bytes{static_cast<const char*>(data), size};
  return header_ ? consume_payload(ctx, bytes) : consume_header(bytes);
}

bool checked_scribe::consume_header(std::string_view bytes) {
  switch (check_.header(bytes)) {
    case verdict::pass:
      header_ = bytes;
      configure_read(caf::io::receive_policy::exactly(check_.awaited()));
      return true;
    case verdict::drop:
      return true;
    case verdict::close:
      break;
  }
  return refuse();
}

bool checked_scribe::consume_payload(caf::execution_unit* ctx, std::string_view bytes) {
  auto header = std::move(*header_);
  header_.reset();
  const auto introduced = !check_.peer().empty();
  switch (check_.message(bytes, peer_check::clock::now())) {
    case verdict::pass:
      if (!introduced && guests_->is_taken(this, check_.peer()))
        return refuse();
      if (wr_buf().size() > unread_bytes_max)
        return refuse();
      return hand_over_named(ctx, std::move(header), bytes);
    case verdict::drop:
      ++guests_->counts().dropped_messages;
      configure_read(caf::io::receive_policy::exactly(peer_check::header_bytes));
      return true;
    case verdict::close:
      break;
  }
  return refuse();
}

/// Nobody is told who asks by the one who asks.
bool checked_scribe::hand_over_named(caf::execution_unit* ctx, std::string header,
                                     std::string_view bytes) {
  const auto request = with_asker(bytes, served_, [this](const std::string& claim) {
    return guests_->words_for(stream_.fd(), claim);
  });
  peer_check::announce(header, request.size());
  return hand_over(ctx, header) && hand_over(ctx, request);
}

/// CAF takes it out of the buffer into which it would have been read.
bool checked_scribe::hand_over(caf::execution_unit* ctx, std::string_view bytes) {
  rd_buf().assign(bytes.begin(), bytes.end());
  return unix_scribe::consume(ctx, rd_buf().data(), bytes.size());
}

bool checked_scribe::refuse() {
  ++guests_->counts().closed_peers;
  guests_->sent_away(this);
  hang_up();
  return true;
}

void checked_scribe::let_go() {
  for (auto each :
       {caf::io::network::operation::read, caf::io::network::operation::write})
    stream_.removed_from_loop(each);
}

void checked_scribe::hang_up() {
  hung_up_ = true;
  shutdown(stream_.fd(), SHUT_RDWR);
}

// -- the door ---------------------------------------------------------------------------

bool patient_accept::try_accept(caf::io::network::native_socket& result,
                                caf::io::network::native_socket fd) {
  result = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
  if (result >= 0) {
    guests_->accepted();
    return true;
  }
  // The peer has gone, or a signal came: the next is asked for at once.
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
    return false;
  guests_->not_accepted();
  std::this_thread::sleep_for(accept_pause);
  return false;
}

unix_doorman::unix_doorman(caf::io::network::default_multiplexer& mx, int fd,
                           std::shared_ptr<guests> among, served what)
    : doorman(caf::io::network::accept_hdl_from_socket(fd)), acceptor_(mx, fd, among),
      guests_(std::move(among)), served_(std::move(what)) {}

void unix_doorman::graceful_shutdown() {
  acceptor_.graceful_shutdown();
  detach(&acceptor_.backend(), false);
}

bool unix_doorman::new_connection() {
  const int fd = acceptor_.accepted_socket();
  // The door was closed behind it.
  if (detached()) {
    close(fd);
    return false;
  }
  if (!may_come(fd) || !guests_->admit(guests::clock::now())) {
    ++guests_->counts().refused_peers;
    close(fd);
    return true;
  }
  auto& mx = acceptor_.backend();
  caf::io::network::nonblocking(fd, true);
  auto one = caf::make_counted<checked_scribe>(mx, fd, guests_, served_);
  const auto handle = one->hdl();
  parent()->add_scribe(std::move(one));
  return doorman::new_connection(&mx, handle);
}

} // namespace sluice::wire
