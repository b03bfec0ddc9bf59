// A DOORBELL wakes the thread of an io_context. Whoever rings it takes no lock, so that
// the thread is not woken only to wait for who woke it, as it may be with Asio's `post`,
// which interrupts under the loop's own lock; nor memory, so that it cannot fail.
#pragma once

#include "actors/storage/unique_fd.hpp"
#include "app/http/single_place.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace sluice::http {

class doorbell {
public:
  ~doorbell() { close(); }

  // -- from any thread --------------------------------------------------------------

  /// Ends the wait. Once it is open, and until it is gone: who rings late, when nobody
  /// waits any more, writes to a descriptor that is still this one's.
  void ring() noexcept;

  // -- on the thread of the io_context ------------------------------------------------

  /// Needs a descriptor, and some memory.
  boost::system::error_code open(boost::asio::io_context& io);

  /// Calls `then` once it is rung, or was since the last time: once, however often that
  /// was. One wait at a time; what `then` holds must keep the doorbell. Needs no memory.
  template <class F>
  void await(F then) noexcept {
    // The read takes all rings, so what is rung from now on counts for the next wait. It
    // may have them already when the doorbell is closed, and be told of later.
    waiting_->async_read_some(
      boost::asio::buffer(&rings_, sizeof rings_),
      boost::asio::bind_allocator(
        single_place::allocator<std::byte>{place_},
        [this, then = std::move(then)](boost::system::error_code code, size_t) {
          if (!code && waiting_)
            then();
        }));
  }

  /// Ends the wait in vain. Afterwards the io_context may go.
  void close() noexcept;

private:
  using descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  single_place place_;
  uint64_t rings_ = 0;
  unique_fd event_;
  /// Waits for `event_`, and does not own it.
  std::optional<descriptor> waiting_;
};

} // namespace sluice::http
