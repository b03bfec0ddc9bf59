#include "actors/detail/workers.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <condition_variable>
#include <deque>
#include <mutex>

namespace sluice::detail {

namespace {

/// CAF's coordinator and its workers call these members. At any time, if there are jobs,
/// somebody was told to take them, or is at work and will look when that is done. What an
/// actor sends and then does not return from waits until anybody else is woken from
/// outside, by a timer at the latest: whoever blocks belongs on a thread of its own.
class woken_in_turn : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}

    std::mutex lock;
    std::condition_variable more;
    std::deque<caf::resumable*> jobs;
    size_t asleep = 0;
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    if (push(self, job))
      d(self).more.notify_one();
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    push(self->parent(), job);
  }

  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    push(self->parent(), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    auto& shared = d(self->parent());
    std::unique_lock guard{shared.lock};
    while (shared.jobs.empty()) {
      ++shared.asleep;
      shared.more.wait(guard);
      --shared.asleep;
    }
    auto* job = shared.jobs.front();
    shared.jobs.pop_front();
    const auto wake_next = !shared.jobs.empty() && shared.asleep > 0;
    guard.unlock();
    if (wake_next)
      shared.more.notify_one();
    return job;
  }

  template <class Worker, class UnaryFunction>
  void foreach_resumable(Worker*, UnaryFunction) {
    // A worker keeps no jobs.
  }

  template <class Coordinator, class UnaryFunction>
  void foreach_central_resumable(Coordinator* self, UnaryFunction visit) {
    for (auto* job : d(self).jobs)
      visit(job);
    d(self).jobs.clear();
  }

private:
  /// Returns whether somebody sleeps.
  template <class Coordinator>
  bool push(Coordinator* self, caf::resumable* job) {
    const std::lock_guard guard{d(self).lock};
    d(self).jobs.push_back(job);
    return d(self).asleep > 0;
  }
};

} // namespace

void use_workers(caf::actor_system_config& config, size_t count) {
  config.load<caf::scheduler::coordinator<woken_in_turn>>();
  config.set("scheduler.max-threads", count);
}

} // namespace sluice::detail
