// What a client is owed: answers and control frames that are not out yet. The session
// owes, on Asio's thread, and does not read from who is at the limit; the batcher
// settles, on its own. Only falling below the limit is worth waking a thread for.
#pragma once

#include <atomic>
#include <cstddef>

namespace sluice::websocket {

class debt {
public:
  void owe() { ++count_; }

  /// Whether that brought it below the limit.
  bool settle() { return count_-- == limit; }

  bool is_at_limit() const { return count_ >= limit; }

private:
  static constexpr size_t limit = 16;
  std::atomic<size_t> count_ = 0;
};

} // namespace sluice::websocket
