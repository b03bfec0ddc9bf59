// Credit: how a sender pays for the bytes it has on the way to the disk.
//
// Mailboxes have no bound, so whoever lets data in draws credit from a budget
// first. The credit travels with the data, and the bytes return to the budget
// when the last holder lets go of it: written, refused, superseded, or dropped
// with a dead actor's mailbox. Nobody has to remember to give it back.
#pragma once

#include <caf/meta/type_name.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace sluice {

class budget;

/// A share of a budget. Copies refer to the same share; an empty credit is free.
class credit {
public:
  credit() = default;

  /// Draws `bytes` more from the same budget. On false nothing was drawn.
  bool try_grow(size_t bytes);

  /// Holds exactly so many from now on. On false nothing has changed.
  bool try_hold(size_t bytes);

  /// Bytes drawn so far.
  size_t bytes() const;

  /// Whether its budget could ever grant so much.
  bool could_hold(size_t bytes) const;

  friend bool operator==(const credit&, const credit&) = default;

private:
  friend class budget;
  struct share;
  explicit credit(std::shared_ptr<share> x) : share_(std::move(x)) {}

  std::shared_ptr<share> share_;
};

/// A limit in bytes, shared by everything that draws from it. Thread-safe.
class budget : public std::enable_shared_from_this<budget> {
public:
  explicit budget(size_t limit_bytes) : limit_(limit_bytes) {}

  /// Draws `bytes`, or returns an empty credit and false if they would not fit.
  std::pair<credit, bool> try_draw(size_t bytes);

  /// An account that nothing is drawn on yet.
  credit open();

  /// Draws `bytes`, waiting until they fit. For plain threads, never in an actor.
  /// More than the whole limit is granted once nothing else is out.
  credit draw(size_t bytes);

  size_t limit_bytes() const { return limit_; }

  /// Bytes that are out now.
  size_t used_bytes() const;

  /// How often `try_draw` or `try_grow` found no room.
  uint64_t refusals() const;

private:
  friend struct credit::share;
  friend class credit;
  bool take(size_t bytes);
  void give_back(size_t bytes);

  const size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  size_t used_ = 0;
  uint64_t refusals_ = 0;
};

struct credit::share {
  share(std::shared_ptr<budget> owner, size_t n) : from(std::move(owner)), bytes(n) {}
  share(const share&) = delete;
  share& operator=(const share&) = delete;
  ~share() {
    if (bytes > 0)
      from->give_back(bytes);
  }

  std::shared_ptr<budget> from;
  size_t bytes;
};

// -- implementation -------------------------------------------------------------

inline bool credit::try_grow(size_t bytes) {
  if (!share_)
    return true;
  if (!share_->from->take(bytes))
    return false;
  share_->bytes += bytes;
  return true;
}

inline bool credit::try_hold(size_t bytes) {
  if (!share_ || share_->bytes == bytes)
    return true;
  if (bytes > share_->bytes)
    return try_grow(bytes - share_->bytes);
  share_->from->give_back(share_->bytes - bytes);
  share_->bytes = bytes;
  return true;
}

inline size_t credit::bytes() const {
  return share_ ? share_->bytes : 0;
}

inline bool credit::could_hold(size_t bytes) const {
  return !share_ || bytes <= share_->from->limit_bytes();
}

inline bool budget::take(size_t bytes) {
  std::lock_guard guard{mutex_};
  if (used_ + bytes > limit_) {
    ++refusals_;
    return false;
  }
  used_ += bytes;
  return true;
}

inline void budget::give_back(size_t bytes) {
  {
    std::lock_guard guard{mutex_};
    used_ -= bytes;
  }
  freed_.notify_all();
}

inline std::pair<credit, bool> budget::try_draw(size_t bytes) {
  if (!take(bytes))
    return {credit{}, false};
  return {credit{std::make_shared<credit::share>(shared_from_this(), bytes)}, true};
}

inline credit budget::open() {
  return credit{std::make_shared<credit::share>(shared_from_this(), size_t{0})};
}

inline credit budget::draw(size_t bytes) {
  std::unique_lock lock{mutex_};
  freed_.wait(lock, [&] { return used_ == 0 || used_ + bytes <= limit_; });
  used_ += bytes;
  lock.unlock();
  return credit{std::make_shared<credit::share>(shared_from_this(), bytes)};
}

inline size_t budget::used_bytes() const {
  std::lock_guard guard{mutex_};
  return used_;
}

inline uint64_t budget::refusals() const {
  std::lock_guard guard{mutex_};
  return refusals_;
}

/// Credit means something inside one process only; nothing of it is printed.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, credit&) {
  return f(caf::meta::type_name("credit"));
}

} // namespace sluice
