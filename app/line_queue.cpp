#include "app/line_queue.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <utility>

namespace sluice {

namespace {

uint64_t lines_in(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Writes to the descriptor for as long as it takes something; returns what it did not.
std::string_view put(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = write(descriptor, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      // Whoever shares it with us does not wait; we do.
      pollfd room{descriptor, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (count == 0 || errno != EINTR) {
      break;
    }
  }
  return text;
}

/// What was told, what was lost, and in between at most a line that is cut off.
class teller {
public:
  teller(int descriptor, line_queue::loss_line tell_loss)
      : descriptor_(descriptor), tell_loss_(std::move(tell_loss)) {}

  /// Tells these lines, behind which `lost_after` others did not fit.
  void tell(std::string_view lines, uint64_t lost_after) {
    if (tell_losses())
      lost_ += put_lines(lines);
    else
      lost_ += lines_in(lines);
    lost_ += lost_after;
    if (lost_after > 0)
      tell_losses();
  }

  bool tell_losses() {
    if (lost_ > 0 && put_lines(tell_loss_(lost_)) == 0)
      lost_ = 0;
    return lost_ == 0;
  }

private:
  /// Returns how many were not told whole.
  uint64_t put_lines(std::string_view lines) {
    if (torn_ && !put(descriptor_, "\n").empty())
      return lines_in(lines);
    torn_ = false;
    const auto rest = put(descriptor_, lines);
    const auto told = lines.substr(0, lines.size() - rest.size());
    torn_ = !told.empty() && told.back() != '\n';
    return lines_in(rest);
  }

  int descriptor_;
  line_queue::loss_line tell_loss_;
  uint64_t lost_ = 0;
  bool torn_ = false;
};

} // namespace

struct line_queue::shared {
  shared(int descriptor, size_t bytes_max, loss_line tell_loss)
      : waiting_bytes_max(bytes_max), told(descriptor, std::move(tell_loss)) {}

  void work();

  const size_t waiting_bytes_max;
  std::mutex guard;
  std::condition_variable news;
  std::condition_variable end;
  std::string waiting;
  /// Those that did not fit behind what waits.
  uint64_t lost = 0;
  bool ending = false;
  bool ended = false;
  /// The writer's alone.
  teller told;
};

void line_queue::shared::work() {
  std::unique_lock lock{guard};
  for (;;) {
    news.wait(lock, [this] { return !waiting.empty() || lost > 0 || ending; });
    if (waiting.empty() && lost == 0)
      break;
    const auto lines = std::exchange(waiting, {});
    const auto lost_after = std::exchange(lost, 0);
    lock.unlock();
    told.tell(lines, lost_after);
    lock.lock();
  }
  lock.unlock();
  told.tell_losses();
  lock.lock();
  ended = true;
  end.notify_all();
}

line_queue::line_queue(int descriptor, size_t waiting_bytes_max, loss_line tell_loss)
    : shared_(
      std::make_shared<shared>(descriptor, waiting_bytes_max, std::move(tell_loss))) {
  // No signal is for this thread, whose reader may be gone.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  writer_ = std::thread{[held = shared_] { held->work(); }};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

line_queue::~line_queue() {
  finish(std::chrono::milliseconds::zero());
}

void line_queue::push(std::string_view lines) {
  const std::lock_guard lock{shared_->guard};
  if (shared_->ending)
    return;
  // Once something is lost, what comes after it waits until that is told.
  if (shared_->lost > 0
      || shared_->waiting.size() + lines.size() > shared_->waiting_bytes_max)
    shared_->lost += lines_in(lines);
  else
    shared_->waiting += lines;
  shared_->news.notify_one();
}

bool line_queue::finish(std::chrono::milliseconds patience) {
  std::unique_lock lock{shared_->guard};
  if (!writer_.joinable())
    return shared_->ended;
  shared_->ending = true;
  shared_->news.notify_one();
  const auto done =
    shared_->end.wait_for(lock, patience, [this] { return shared_->ended; });
  lock.unlock();
  if (done)
    writer_.join();
  else
    writer_.detach();
  return done;
}

} // namespace sluice
