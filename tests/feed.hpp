// Gives a connection's reader its bytes, a piece at a time.
#pragma once

#include "app/http/incoming.hpp"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <string_view>

namespace sluice::test {

/// Moves at most `piece` bytes from the front of `bytes` into `reader`; false if there
/// are none left.
inline bool feed(http::incoming& reader, std::string_view& bytes, size_t piece) {
  if (bytes.empty())
    return false;
  const auto room = reader.room();
  const auto count = std::min({piece, bytes.size(), room.size()});
  boost::asio::buffer_copy(room, boost::asio::buffer(bytes.data(), count));
  reader.commit(count);
  bytes.remove_prefix(count);
  return true;
}

} // namespace sluice::test
