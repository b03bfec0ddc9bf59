// A LINE QUEUE stands between whoever has a line to tell and a descriptor that may take
// it, refuse it, or never come back from it. A thread of its own writes; whoever brings a
// line never waits. The thread holds its state itself: one that is stuck in the kernel is
// left behind at the end, and touches nothing that is gone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace sluice {

class line_queue {
public:
  /// Words the line, with its LF, that says how many were lost.
  using loss_line = std::function<std::string(uint64_t lost)>;

  /// Beside what waits, as much again may be on its way. Lines that do not fit, and those
  /// that `descriptor` refuses, are counted, and told in place of them once there is
  /// room.
  line_queue(int descriptor, size_t waiting_bytes_max, loss_line tell_loss);
  ~line_queue();

  line_queue(const line_queue&) = delete;
  line_queue& operator=(const line_queue&) = delete;

  /// Takes whole lines, each with its LF.
  void push(std::string_view lines);

  /// Tells what `make` returns, in a while, on the thread that writes; or at the end. One
  /// that waits already is enough.
  void push_later(std::function<std::string()> make);

  /// All lines that were lost.
  uint64_t lost() const;

  /// Takes no more, and waits so long at most until all is written; false if it is not.
  bool finish(std::chrono::milliseconds patience);

private:
  struct shared;

  std::shared_ptr<shared> shared_;
  std::thread writer_;
};

} // namespace sluice
