#include "actors/database/reader_pool.hpp"

#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace sluice {

reader_pool::reader_pool(database_actor::pointer self,
                         std::vector<sqlite_reader_actor> readers, size_t bytes_max,
                         std::function<void()> answered)
    : self_(self), bytes_max_(bytes_max), answered_(std::move(answered)) {
  for (auto& handle : readers)
    readers_.push_back({std::move(handle), std::nullopt, false});
}

// -- queries --------------------------------------------------------------------

caf::result<sql_result> reader_pool::query(sql_statement& x, sql_origin origin) {
  auto bytes = sqlite::size_of(x);
  auto must_wait = held_ || find_free() == nullptr;
  if (must_wait && waiting_bytes_ + bytes > bytes_max_) {
    ++overloaded_;
    return caf::make_error(ec::overloaded, "too many queries wait for a reader");
  }
  auto promise = detail::owe<sql_result>(self_);
  waiting_bytes_ += bytes;
  waiting_.push_back({std::move(x), origin, promise});
  dispatch();
  return promise;
}

void reader_pool::release() {
  held_ = false;
  dispatch();
}

reader_pool::reader* reader_pool::find_free() {
  auto i = std::find_if(readers_.begin(), readers_.end(),
                        [](const reader& x) { return !x.busy_since && !x.lost; });
  return i == readers_.end() ? nullptr : &*i;
}

void reader_pool::dispatch() {
  if (held_)
    return;
  auto none_left = lost() == readers_.size();
  while (!waiting_.empty()) {
    auto* on = find_free();
    if (on == nullptr && !none_left)
      return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= sqlite::size_of(next.statement);
    if (on != nullptr)
      run(*on, std::move(next));
    else
      next.promise.deliver(caf::make_error(ec::unavailable, "every reader has ended"));
  }
}

void reader_pool::run(reader& on, waiting_query x) {
  on.busy_since = self_->clock().now();
  auto promise = std::move(x.promise);
  auto by_user = x.origin == sql_origin::user;
  self_
    ->request(on.handle, caf::infinite, atom::query_v, std::move(x.statement), x.origin)
    .then(
      [this, &on, promise, by_user](sql_result& result) mutable {
        queries_ += by_user ? 1 : 0;
        promise.deliver(std::move(result));
        on_end(on);
      },
      [this, &on, promise](const caf::error& err) mutable {
        promise.deliver(err);
        on_error(on, err);
        on_end(on);
      });
}

void reader_pool::on_error(reader& from, const caf::error& err) {
  // A reader that answers at all answers with our own codes.
  from.lost = from.lost || err.category() != caf::atom("sluice");
}

void reader_pool::on_end(reader& from) {
  from.busy_since.reset();
  dispatch();
  answered_();
}

// -- all readers ----------------------------------------------------------------

template <class Answer, class Atom>
void reader_pool::ask_all(Atom what, std::function<void(const Answer&)> each,
                          std::function<void()> done) {
  auto left = std::make_shared<size_t>(readers_.size());
  if (readers_.empty())
    return done();
  auto answered = [left, done = std::move(done)] {
    if (--*left == 0)
      done();
  };
  for (auto& x : readers_)
    self_->request(x.handle, caf::infinite, what)
      .then(
        [each, answered](const Answer& answer) {
          each(answer);
          answered();
        },
        [this, &x, answered](const caf::error& err) {
          on_error(x, err);
          answered();
        });
}

void reader_pool::close(std::function<void()> done) {
  ask_all<bool>(
    atom::close_v, [](bool) {}, std::move(done));
}

void reader_pool::stop(std::function<void(const stop_report&)> each,
                       std::function<void()> done) {
  ask_all<stop_report>(atom::stop_v, std::move(each), std::move(done));
}

// -- numbers --------------------------------------------------------------------

size_t reader_pool::running() const {
  return static_cast<size_t>(
    std::count_if(readers_.begin(), readers_.end(),
                  [](const reader& x) { return x.busy_since.has_value(); }));
}

size_t reader_pool::lost() const {
  return static_cast<size_t>(std::count_if(readers_.begin(), readers_.end(),
                                           [](const reader& x) { return x.lost; }));
}

int64_t reader_pool::oldest_query_ms() const {
  using namespace std::chrono;
  auto now = self_->clock().now();
  auto oldest = now;
  for (const auto& x : readers_)
    oldest = std::min(oldest, x.busy_since.value_or(now));
  return duration_cast<milliseconds>(now - oldest).count();
}

} // namespace sluice
