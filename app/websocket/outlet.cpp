#include "app/websocket/outlet.hpp"

#include <boost/asio/post.hpp>

namespace sluice::websocket {

std::optional<size_t> outlet::write(std::span<const std::string_view> pieces) {
  const auto taken = to_->write(pieces);
  if (!taken)
    return taken;
  sent_->fetch_add(*taken, std::memory_order_relaxed);
  size_t offered = 0;
  for (auto piece : pieces)
    offered += piece.size();
  if (*taken < offered)
    tell(&reading_half::on_no_room);
  return taken;
}

void outlet::answered() {
  if (owed_->settle())
    tell(&reading_half::on_settled);
}

void outlet::tell(void (reading_half::*what)()) {
  boost::asio::post(to_->io(), [other = other_, what] {
    if (auto alive = other.lock())
      ((*alive).*what)();
  });
}

} // namespace sluice::websocket
