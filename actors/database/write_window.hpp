// Collects the writes of one commit, and decides when it is time.
//
// A group commits as soon as everybody is in it who can be expected: those who were
// answered last, and those whose requests were in the mailbox by then. Whoever is
// expected and not there yet is waited for, at most `commit_delay` from the group's
// first write. A lone writer is all that is expected, and never waits.
#pragma once

#include "actors/database/write_request.hpp"

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

struct write_window_config {
  caf::timespan commit_delay = std::chrono::milliseconds{1};
  /// Requests, and bytes of SQL and parameters, that end a group at once.
  size_t requests_max = 1000;
  size_t bytes_max = 16'777'216;
};

class write_window {
public:
  write_window(sqlite_writer_actor::pointer self, write_window_config cfg);

  /// Takes a write into the group. True: the group is full, commit it now.
  bool add(write_request x);

  /// The `commit` message of this generation came: whether to commit now.
  bool ends(uint64_t generation);

  /// Hands over the group; the next write begins another.
  std::vector<write_request> take();

  /// To be called before `n` writes are answered: whoever asks again after its answer
  /// must not be counted twice.
  void answering(size_t n);

  size_t size() const { return group_.size(); }
  size_t bytes() const { return bytes_; }

private:
  enum class phase : uint8_t {
    /// Nothing is collected.
    idle,
    /// Answers go out; those in the mailbox before them are counted.
    counting,
    /// Whatever is in the mailbox already joins the group.
    gathering,
    /// Others are waited for.
    waiting,
  };

  bool is_time();
  void mark(phase next);

  sqlite_writer_actor::pointer self_;
  write_window_config cfg_;
  std::vector<write_request> group_;
  size_t bytes_ = 0;
  caf::actor_clock::time_point first_at_;
  phase phase_ = phase::idle;
  uint64_t generation_ = 0;
  size_t answered_ = 0;
  /// How many writes are in flight, by what the last answers showed.
  size_t expected_ = 0;
};

} // namespace sluice
