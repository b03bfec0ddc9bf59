#include "actors/database/reader_pool.hpp"

#include "actors/storage/sqlite_query.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace sluice {

namespace {

/// From one look at the readers that run something to the next.
constexpr caf::timespan look_pause = std::chrono::seconds{1};

} // namespace

reader_pool::reader_pool(database_actor::pointer self, reader_pool_config cfg,
                         const std::vector<sqlite_reader_actor>& readers,
                         std::function<void()> answered)
    : self_(self), cfg_(std::move(cfg)), answered_(std::move(answered)) {
  for (const auto& handle : readers)
    readers_.push_back({handle});
}

// -- queries --------------------------------------------------------------------

caf::result<sql_result> reader_pool::query(sql_statement& x, sql_origin origin) {
  auto bytes = sqlite::size_of(x);
  auto must_wait = held_.any() || find_free() == nullptr;
  if (must_wait && waiting_bytes_ + bytes > cfg_.waiting_bytes_max) {
    ++overloaded_;
    return caf::make_error(ec::overloaded, "too many queries wait for a reader");
  }
  auto promise = detail::owe<sql_result>(self_);
  waiting_bytes_ += bytes;
  waiting_.push_back({std::move(x), origin, promise});
  dispatch();
  return promise;
}

void reader_pool::release(hold_reason why) {
  held_.reset(static_cast<size_t>(why));
  dispatch();
}

reader_pool::reader* reader_pool::find_free() {
  auto i = std::find_if(readers_.begin(), readers_.end(),
                        [](const reader& x) { return !x.busy_since && !x.lost; });
  return i == readers_.end() ? nullptr : &*i;
}

void reader_pool::dispatch() {
  if (held_.any())
    return;
  auto none_left = !has_readers();
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
      next.promise.deliver(
        caf::make_error(ec::unavailable, "no reader is left that answers"));
  }
}

void reader_pool::run(reader& on, waiting_query x) {
  on.busy_since = self_->clock().now();
  on.promise = std::move(x.promise);
  on.by_user = x.origin == sql_origin::user;
  look_later();
  self_
    ->request(on.handle, caf::infinite, atom::query_v, std::move(x.statement), x.origin)
    .then(
      [this, &on](sql_result& result) {
        queries_ += on.by_user && !on.given_up ? 1 : 0;
        if (!on.given_up)
          on.promise.deliver(std::move(result));
        on_end(on);
      },
      [this, &on](const caf::error& err) {
        if (!on.given_up)
          on.promise.deliver(err);
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
  from.given_up = false;
  dispatch();
  answered_();
}

// -- readers that are silent ----------------------------------------------------

void reader_pool::look_later() {
  if (std::exchange(looking_, true))
    return;
  self_->delayed_send(self_, look_pause, atom::check_v, look_generation);
}

void reader_pool::look() {
  looking_ = false;
  auto now = self_->clock().now();
  auto may_be_silent = [](const reader& x) {
    return x.busy_since && x.by_user && !x.given_up;
  };
  // Giving one up may add another at the end.
  for (size_t i = 0, n = readers_.size(); i < n; ++i)
    if (auto& x = readers_[i];
        may_be_silent(x) && now - *x.busy_since >= cfg_.silence_max)
      give_up(x);
  if (std::any_of(readers_.begin(), readers_.end(), may_be_silent))
    look_later();
}

void reader_pool::give_up(reader& x) {
  ++given_up_ever_;
  x.given_up = true;
  x.promise.deliver(caf::make_error(
    ec::refused, "the statement ran over its time limit, and could not be ended"));
  if (cfg_.make_reader && made_ < cfg_.made_max) {
    // Where none can be made, those that are left serve.
    if (auto another = cfg_.make_reader()) {
      ++made_;
      readers_.push_back({std::move(another)});
    }
  }
  dispatch();
  answered_();
}

// -- all readers ----------------------------------------------------------------

template <class Answer, class Atom>
void reader_pool::ask_all(Atom what, std::function<void(const Answer&)> each,
                          std::function<void()> done) {
  auto left = std::make_shared<size_t>(readers_.size() - given_up());
  if (*left == 0)
    return done();
  auto answered = [left, done = std::move(done)] {
    if (--*left == 0)
      done();
  };
  for (auto& x : readers_)
    if (x.given_up) // it may do so whenever it comes back
      caf::anon_send(x.handle, what);
    else
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
                  [](const reader& x) { return x.busy_since && !x.given_up; }));
}

size_t reader_pool::lost() const {
  return static_cast<size_t>(std::count_if(readers_.begin(), readers_.end(),
                                           [](const reader& x) { return x.lost; }));
}

size_t reader_pool::given_up() const {
  return static_cast<size_t>(std::count_if(readers_.begin(), readers_.end(),
                                           [](const reader& x) { return x.given_up; }));
}

bool reader_pool::has_readers() const {
  return std::any_of(readers_.begin(), readers_.end(),
                     [](const reader& x) { return !x.lost && !x.given_up; });
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
