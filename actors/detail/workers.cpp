#include "actors/detail/workers.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <semaphore.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <mutex>
#include <new>
#include <thread>

namespace sluice::detail {

namespace {

/// Where workers sleep. A condition variable would take its mutex along, and wake once
/// more when that is let go; the standard library's semaphore yields before it sleeps.
class bed {
public:
  bed() { sem_init(&alarm_, 0, 0); }
  ~bed() { sem_destroy(&alarm_); }

  bed(const bed&) = delete;
  bed& operator=(const bed&) = delete;

  void sleep() {
    while (sem_wait(&alarm_) != 0 && errno == EINTR) {
      // a signal is no alarm
    }
  }

  void wake_one() { sem_post(&alarm_); }

private:
  sem_t alarm_;
};

/// CAF's coordinator and its workers call these members. At any time, if there are jobs,
/// somebody was told to take them, or is at work and will look when that is done. What an
/// actor sends and then does not return from waits until anybody else is woken from
/// outside, by a timer at the latest: whoever blocks belongs on a thread of its own.
class woken_in_turn : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}

    std::mutex lock;
    std::deque<caf::resumable*> jobs;
    /// Those who sleep and whom nobody has woken.
    size_t asleep = 0;
    bed beds;
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    std::unique_lock guard{d(self).lock};
    take(d(self), guard, job);
    wake_next(d(self), guard);
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
      guard.unlock();
      shared.beds.sleep();
      guard.lock();
    }
    auto* job = shared.jobs.front();
    shared.jobs.pop_front();
    wake_next(shared, guard);
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
  /// A job that is not taken is an actor that nobody ever looks after again: whoever
  /// brings one waits until there is memory for it.
  static void take(coordinator_data& shared, std::unique_lock<std::mutex>& guard,
                   caf::resumable* job) {
    for (;;) {
      try {
        return shared.jobs.push_back(job);
      } catch (const std::bad_alloc&) {
        guard.unlock();
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
        guard.lock();
      }
    }
  }

  /// What is left is for one of those who sleep. Lets go of the lock.
  static void wake_next(coordinator_data& shared, std::unique_lock<std::mutex>& guard) {
    const auto wanted = !shared.jobs.empty() && shared.asleep > 0;
    shared.asleep -= wanted ? 1 : 0;
    guard.unlock();
    if (wanted)
      shared.beds.wake_one();
  }

  template <class Coordinator>
  static void push(Coordinator* self, caf::resumable* job) {
    std::unique_lock guard{d(self).lock};
    take(d(self), guard, job);
  }
};

} // namespace

void use_workers(caf::actor_system_config& config, size_t count) {
  config.load<caf::scheduler::coordinator<woken_in_turn>>();
  config.set("scheduler.max-threads", count);
}

} // namespace sluice::detail
