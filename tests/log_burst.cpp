// The whole log path on real threads and a real file: a producer that is faster than
// the disk, and a stop in the middle of it.
#define CAF_SUITE log_burst
#include "actors/detail/workers.hpp"
#include "actors/log/file_syncer.hpp"
#include "actors/log/log_buffer.hpp"
#include "actors/log/log_writer.hpp"

#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <malloc.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <new>

using namespace sluice;

namespace {

/// Bytes on the heap now, and the most there ever were. Resident memory would also
/// count what the allocator keeps, and a sanitizer's allocator keeps most of it.
std::atomic<size_t> live_bytes = 0;
std::atomic<size_t> peak_bytes = 0;

void note_allocation(size_t bytes) {
  auto live = live_bytes += bytes;
  auto peak = peak_bytes.load();
  while (live > peak && !peak_bytes.compare_exchange_weak(peak, live)) {
    // nop
  }
}

struct fixture {
  fixture() {
    detail::use_workers(config);
    test::write_file(dir / "id", "x");
    system = std::make_unique<caf::actor_system>(config);
    log_writer_config files;
    files.directory = dir / "logs";
    files.identity_file = dir / "id";
    files.make_syncer = [this] { return system->spawn<caf::detached>(file_syncer); };
    writer = system->spawn<caf::detached>(log_writer, files);
    log_buffer_config lines;
    lines.log = "app";
    buffer = system->spawn(log_buffer, lines, writer, metrics_aggregator_actor{});
  }

  /// Sends lines `first` to `last` in chunks of a hundred, paying with credit.
  void produce(uint64_t first, uint64_t last) {
    for (auto i = first; i <= last;) {
      log_chunk chunk;
      for (; i <= last && chunk.count < 100; ++i, ++chunk.count)
        chunk.lines += "line " + std::to_string(i) + std::string(80, '.') + "\n";
      chunk.charge = account->draw(chunk.lines.size());
      caf::anon_send(buffer, atom::append_v, std::move(chunk));
    }
  }

  template <class Handle>
  stop_report stop(const Handle& who) {
    caf::scoped_actor self{*system};
    stop_report report;
    self->request(who, caf::infinite, atom::stop_v)
      .receive([&](stop_report& x) { report = x; },
               [&](const caf::error& err) { CAF_FAIL(text_of(err)); });
    return report;
  }

  /// Number of lines in the file; fails unless they are 1, 2, 3, ... each whole.
  uint64_t count_in_order() {
    std::ifstream file{dir / "logs/app.log"};
    uint64_t expected = 0;
    for (std::string line; std::getline(file, line);) {
      uint64_t number = 0;
      std::from_chars(line.data() + 5, line.data() + line.size(), number);
      auto digits = std::to_string(++expected).size();
      if (number != expected || line.size() != 5 + digits + 80)
        CAF_FAIL("line " << expected << " is " << line);
    }
    return expected;
  }

  test::temp_dir dir;
  std::shared_ptr<budget> account = std::make_shared<budget>(size_t{8} * 1024 * 1024);
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  log_writer_actor writer;
  log_buffer_actor buffer;
};

} // namespace

void* operator new(size_t bytes) {
  auto* memory = std::malloc(bytes);
  if (memory == nullptr)
    throw std::bad_alloc{};
  note_allocation(::malloc_usable_size(memory));
  return memory;
}

void operator delete(void* memory) noexcept {
  if (memory != nullptr)
    live_bytes -= ::malloc_usable_size(memory);
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept {
  operator delete(memory);
}

CAF_TEST_FIXTURE_SCOPE(log_burst_tests, fixture)

CAF_TEST(two million lines in a burst and then stop are all in the file in order) {
  auto before = live_bytes.load();
  produce(1, 2'000'000);
  stop(buffer);
  stop(writer);
  CAF_CHECK_EQUAL(count_in_order(), 2'000'000u);
  CAF_MESSAGE("AND the queue never held more than the producer had credit for");
  // A text that grows may have room for twice its size, beside the one it leaves.
  CAF_CHECK_LESS(peak_bytes - before, 4 * account->limit_bytes());
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

CAF_TEST(a stop while a flush is in flight loses nothing) {
  for (uint64_t round = 0; round < 50; ++round)
    produce(round * 1000 + 1, round * 1000 + 1000);
  auto report = stop(buffer);
  CAF_CHECK_EQUAL(report.left, 0u);
  stop(writer);
  CAF_CHECK_EQUAL(count_in_order(), 50'000u);
}

CAF_TEST_FIXTURE_SCOPE_END()
