#include "app/gate/pump.hpp"

#include <boost/asio/write.hpp>

#include <utility>

namespace sluice::gate {

using boost::system::error_code;

pump::pump(tls_stream outside, local_socket inside, std::chrono::seconds silence_max,
           std::function<void()> ended)
    : outside_(std::move(outside)), inside_(std::move(inside)), silence_max_(silence_max),
      ended_(std::move(ended)), silence_(inside_.get_executor()) {}

void pump::start() {
  watch();
  carry(outside_, inside_, inward_);
  carry(inside_, outside_, outward_);
}

template <class From, class To>
void pump::carry(From& from, To& to, std::array<char, buffer_bytes>& through) {
  auto me = shared_from_this();
  from.async_read_some(boost::asio::buffer(through), [me, &from, &to, &through](
                                                       error_code code, size_t bytes) {
    if (code)
      return me->end();
    me->watch();
    boost::asio::async_write(to, boost::asio::buffer(through.data(), bytes),
                             [me, &from, &to, &through](error_code failed, size_t) {
                               if (failed)
                                 me->end();
                               else
                                 me->carry(from, to, through);
                             });
  });
}

void pump::watch() {
  silence_.expires_after(silence_max_);
  silence_.async_wait([me = shared_from_this()](error_code code) {
    if (!code)
      me->end();
  });
}

void pump::end() {
  const auto ended = std::exchange(ended_, nullptr);
  if (!ended)
    return;
  error_code ignored;
  silence_.cancel();
  outside_.lowest_layer().close(ignored);
  inside_.close(ignored);
  ended();
}

} // namespace sluice::gate
