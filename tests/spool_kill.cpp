// SIGKILL at any moment: what was acknowledged is there, and nothing that was not sent.
#define CAF_SUITE spool_kill

#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/spool_fixture.hpp"

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;

constexpr size_t writers = 3;
constexpr auto kills = 20;

/// What a writer knows, where its death does not reach.
struct progress {
  /// Its last append that was answered; what it was about to release, and had.
  std::atomic<uint64_t> acknowledged;
  std::atomic<uint64_t> releasing;
  std::atomic<uint64_t> released;
};

using shared_progress = std::array<progress, writers>;

std::string item(size_t writer, uint64_t seq) {
  auto text = std::to_string(writer) + ":" + std::to_string(seq) + ":";
  return text + std::string(seq * 37 % 1500, static_cast<char>('a' + seq % 26));
}

/// Appends until it is killed. The last writer releases little: its items are in the
/// way, and are moved.
void append_for_ever(spool& into, size_t writer, progress& mine) {
  auto lane = into.lane(lane_kind::log, "log-" + std::to_string(writer));
  auto lag = writer + 1 == writers ? 200u : 20u;
  for (auto seq = into.state(lane).appended + 1;;) {
    if (into.append(lane, seq, 1, item(writer, seq))) {
      std::this_thread::yield();
      continue;
    }
    mine.acknowledged = seq;
    if (seq % 7 == 0 && seq > lag) {
      into.written(lane, seq - lag / 2);
      mine.releasing = seq - lag;
      into.released(lane, seq - lag);
      mine.released = seq - lag;
    }
    ++seq;
  }
}

struct fixture : test::spool_fixture {
  fixture() {
    auto* at = ::mmap(nullptr, sizeof(shared_progress), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = new (at) shared_progress{};
  }
  ~fixture() { ::munmap(shared, sizeof(shared_progress)); }

  /// Runs a service that appends, and kills it.
  void live_and_die(std::chrono::microseconds life) {
    aut.reset();
    auto* ready =
      new (::mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0)) std::atomic<bool>{false};
    auto child = ::fork();
    if (child == 0) {
      auto opened = spool::open(config);
      if (!opened)
        ::_exit(1);
      std::vector<std::thread> threads;
      for (size_t i = 0; i < writers; ++i)
        threads.emplace_back([&, i] { append_for_ever(**opened, i, (*shared)[i]); });
      *ready = true;
      threads[0].join();
    }
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!*ready && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    std::this_thread::sleep_for(life);
    ::kill(child, SIGKILL);
    auto status = 0;
    ::waitpid(child, &status, 0);
    CAF_REQUIRE(WIFSIGNALED(status));
    ::munmap(ready, sizeof *ready);
  }

  void check_lane(size_t writer) {
    const auto& known = (*shared)[writer];
    auto lane = aut->lane(lane_kind::log, "log-" + std::to_string(writer));
    auto state = aut->state(lane);
    // An append may have been done and not answered.
    CAF_CHECK_GREATER_OR_EQUAL(state.appended, known.acknowledged.load());
    CAF_CHECK_LESS_OR_EQUAL(state.appended, known.acknowledged.load() + 1);
    CAF_CHECK_GREATER_OR_EQUAL(state.released, known.released.load());
    CAF_CHECK_LESS_OR_EQUAL(state.released, known.releasing.load());
    auto found = aut->read(lane, 0);
    auto from = found.empty() ? state.appended + 1 : found.front().last_seq;
    // What is written may be given up when room is short, the rest is whole.
    CAF_CHECK_GREATER(from, state.released);
    auto last = state.written;
    for (const auto& each : found) {
      if (each.last_seq > state.written) {
        CAF_REQUIRE_EQUAL(each.last_seq, last + 1);
        ++last;
      }
      if (each.data != item(writer, each.last_seq))
        CAF_ERROR("item " << each.last_seq << " of " << writer << " is not what it was");
    }
    CAF_CHECK_EQUAL(last, std::max(state.written, state.appended));
    (*shared)[writer].acknowledged = state.appended;
    (*shared)[writer].released = (*shared)[writer].releasing = state.released;
  }

  shared_progress* shared;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_kill_tests, fixture)

CAF_TEST(a kill loses nothing acknowledged and invents nothing) {
  auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  uint64_t before = 0;
  for (auto kill = 0; kill < kills; ++kill) {
    live_and_die(std::chrono::microseconds{random() % 60'000});
    reopen();
    uint64_t now = 0;
    for (size_t i = 0; i < writers; ++i) {
      check_lane(i);
      now += aut->state(aut->lane(lane_kind::log, "log-" + std::to_string(i))).appended;
    }
    CAF_CHECK_GREATER_OR_EQUAL(now, before);
    before = now;
    CAF_CHECK_LESS_OR_EQUAL(bytes_on_disk(), config.max_bytes);
  }
  CAF_MESSAGE("items " << before);
  CAF_CHECK_GREATER(before, 1000u);
}

CAF_TEST_FIXTURE_SCOPE_END()
