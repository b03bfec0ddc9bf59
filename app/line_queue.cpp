#include "app/line_queue.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <new>
#include <utility>

namespace sluice {

namespace {

/// How long what is told later waits.
constexpr auto belated_pause = std::chrono::seconds{1};

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
  /// Counts in `lost_ever` what the descriptor refuses.
  teller(int descriptor, line_queue::loss_line tell_loss,
         std::atomic<uint64_t>& lost_ever)
      : descriptor_(descriptor), tell_loss_(std::move(tell_loss)), lost_ever_(lost_ever) {
  }

  /// Tells these lines, behind which `lost_after` others did not fit.
  void tell(std::string_view lines, uint64_t lost_after) {
    const auto refused = tell_losses() ? put_lines(lines) : lines_in(lines);
    lost_ever_ += refused;
    lost_ += refused + lost_after;
    if (lost_after > 0)
      tell_losses();
  }

  bool tell_losses() {
    try {
      if (lost_ > 0 && put_lines(tell_loss_(lost_)) == 0)
        lost_ = 0;
    } catch (const std::bad_alloc&) {
      // There will be memory for the words another time.
    }
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
  std::atomic<uint64_t>& lost_ever_;
  uint64_t lost_ = 0;
  bool torn_ = false;
};

} // namespace

struct line_queue::shared {
  shared(int descriptor, size_t bytes_max, loss_line tell_loss)
      : waiting_bytes_max(bytes_max), told(descriptor, std::move(tell_loss), lost_ever) {}

  void work();
  void add(std::string_view lines);
  void make_belated(std::unique_lock<std::mutex>& lock);

  const size_t waiting_bytes_max;
  std::mutex guard;
  std::condition_variable news;
  std::condition_variable end;
  std::string waiting;
  /// Those that did not fit behind what waits.
  uint64_t lost = 0;
  std::atomic<uint64_t> lost_ever = 0;
  /// Makes what is to be told later, and when.
  std::function<std::string()> belated;
  std::chrono::steady_clock::time_point belated_at;
  bool ending = false;
  bool ended = false;
  /// The writer's alone.
  teller told;
};

void line_queue::shared::add(std::string_view lines) {
  // Once something is lost, what comes after it waits until that is told.
  if (lost > 0 || waiting.size() + lines.size() > waiting_bytes_max) {
    const auto count = lines_in(lines);
    lost += count;
    lost_ever += count;
  } else {
    waiting += lines;
  }
}

void line_queue::shared::make_belated(std::unique_lock<std::mutex>& lock) {
  const auto make = std::exchange(belated, nullptr);
  lock.unlock();
  const auto lines = make();
  lock.lock();
  add(lines);
}

void line_queue::shared::work() {
  const auto has_lines = [this] { return !waiting.empty() || lost > 0; };
  std::unique_lock lock{guard};
  for (;;) {
    news.wait(lock, [&] { return has_lines() || belated || ending; });
    if (belated) {
      news.wait_until(lock, belated_at, [&] { return has_lines() || ending; });
      if (ending || std::chrono::steady_clock::now() >= belated_at)
        make_belated(lock);
    }
    if (!has_lines()) {
      if (ending && !belated)
        break;
      continue;
    }
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
  shared_->add(lines);
  shared_->news.notify_one();
}

void line_queue::push_later(std::function<std::string()> make) {
  const std::lock_guard lock{shared_->guard};
  if (shared_->ending || shared_->belated)
    return;
  shared_->belated = std::move(make);
  shared_->belated_at = std::chrono::steady_clock::now() + belated_pause;
  shared_->news.notify_one();
}

uint64_t line_queue::lost() const {
  return shared_->lost_ever;
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
