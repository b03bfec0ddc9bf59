#include "app/http/doorbell.hpp"

#include <sys/eventfd.h>

#include <cerrno>

namespace sluice::http {

void doorbell::ring() noexcept {
  // Fails only where it has been rung 2^64 times in vain.
  ::eventfd_write(event_.get(), 1);
}

boost::system::error_code doorbell::open(boost::asio::io_context& io) {
  event_ = unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!event_)
    return {errno, boost::system::system_category()};
  boost::system::error_code code;
  waiting_.emplace(io.get_executor());
  waiting_->assign(event_.get(), code);
  return code;
}

void doorbell::close() noexcept {
  if (waiting_ && waiting_->is_open())
    waiting_->release();
  waiting_.reset();
}

} // namespace sluice::http
