// The promises of the queue before the own log: nobody waits, and what is lost is told.
#define CAF_SUITE line_queue

#include "app/line_queue.hpp"
#include "actors/storage/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr auto patience = 20s;
constexpr size_t room = 1000;

std::string told_loss(uint64_t lost) {
  return "lost " + std::to_string(lost) + "\n";
}

struct pipe_pair {
  pipe_pair() {
    std::array<int, 2> ends{};
    CAF_REQUIRE_EQUAL(pipe2(ends.data(), O_CLOEXEC), 0);
    reading = unique_fd{ends[0]};
    writing = unique_fd{ends[1]};
  }

  /// Until nothing more fits.
  void fill() const {
    fcntl(writing.get(), F_SETFL, O_NONBLOCK);
    const std::string block(4096, '.');
    while (write(writing.get(), block.data(), block.size()) > 0) {
      // nop
    }
    fcntl(writing.get(), F_SETFL, 0);
  }

  /// The next line, without what filled the pipe before it; empty if none comes.
  std::string read_line() const {
    std::string result;
    pollfd news{reading.get(), POLLIN, 0};
    for (char c = 0; poll(&news, 1, 20'000) == 1 && read(reading.get(), &c, 1) == 1;) {
      if (c == '\n')
        break;
      if (c != '.')
        result += c;
    }
    return result;
  }

  unique_fd reading;
  unique_fd writing;
};

} // namespace

CAF_TEST(lines arrive in order and all of them before the end) {
  const pipe_pair pipe;
  line_queue aut{pipe.writing.get(), room, told_loss};
  for (int n = 0; n < 20; ++n)
    aut.push("line " + std::to_string(n) + '\n');
  CAF_CHECK(aut.finish(patience));
  for (int n = 0; n < 20; ++n)
    CAF_CHECK_EQUAL(pipe.read_line(), "line " + std::to_string(n));
}

CAF_TEST(what does not fit is counted and told in its place) {
  const pipe_pair pipe;
  pipe.fill();
  line_queue aut{pipe.writing.get(), room, told_loss};
  CAF_MESSAGE("GIVEN more lines than fit while nobody reads");
  constexpr uint64_t lines = 1000;
  for (uint64_t n = 0; n < lines; ++n)
    aut.push(std::to_string(n) + '\n');
  CAF_MESSAGE("WHEN somebody reads");
  uint64_t next = 0;
  uint64_t told = 0;
  while (next < lines) {
    const auto line = pipe.read_line();
    CAF_MESSAGE("THEN each line is told, or counted between its neighbours");
    if (line.starts_with("lost "))
      next += std::stoull(line.substr(5));
    else if (line == std::to_string(next))
      ++next, ++told;
    else
      CAF_FAIL("after " << next << " came " << line);
  }
  CAF_CHECK_EQUAL(next, lines);
  CAF_CHECK_LESS(told, lines);
  aut.push("last\n");
  CAF_CHECK_EQUAL(pipe.read_line(), "last");
  CAF_CHECK(aut.finish(patience));
}

CAF_TEST(a full pipe that nobody reads does not hold up the end) {
  const pipe_pair pipe;
  pipe.fill();
  line_queue aut{pipe.writing.get(), room, told_loss};
  for (int n = 0; n < 1000; ++n)
    aut.push("line\n");
  CAF_CHECK(!aut.finish(10ms));
  aut.push("late\n");
  CAF_CHECK(!aut.finish(10ms));
}

CAF_TEST(a line that is refused is told with the next that is not ) {
  std::signal(SIGPIPE, SIG_IGN);
  pipe_pair broken;
  broken.reading = unique_fd{};
  const pipe_pair whole;
  const unique_fd descriptor{fcntl(broken.writing.get(), F_DUPFD_CLOEXEC, 3)};
  std::atomic<uint64_t> tries = 0;
  line_queue aut{descriptor.get(), room, [&tries](uint64_t lost) {
                   ++tries;
                   return told_loss(lost);
                 }};
  CAF_MESSAGE("GIVEN a descriptor that has refused lines");
  uint64_t pushed = 0;
  for (; tries == 0; ++pushed) {
    aut.push("refused\n");
    std::this_thread::sleep_for(1ms);
  }
  CAF_MESSAGE("WHEN it takes lines again");
  dup3(whole.writing.get(), descriptor.get(), O_CLOEXEC);
  aut.push("last\n");
  CAF_MESSAGE("THEN the loss is told before them");
  const auto loss = whole.read_line();
  CAF_REQUIRE(loss.starts_with("lost "));
  CAF_CHECK_EQUAL(aut.lost(), std::stoull(loss.substr(5)));
  auto counted = std::stoull(loss.substr(5));
  while (whole.read_line() == "refused")
    ++counted;
  CAF_CHECK_EQUAL(counted, pushed);
  CAF_CHECK(aut.finish(patience));
}

CAF_TEST(what is to be told later is told in a while and at the end at the latest) {
  const pipe_pair pipe;
  line_queue aut{pipe.writing.get(), room, told_loss};
  aut.push_later([] { return "later\n"s; });
  aut.push_later([] { return "never\n"s; });
  aut.push("now\n");
  CAF_CHECK_EQUAL(pipe.read_line(), "now");
  CAF_CHECK_EQUAL(pipe.read_line(), "later");
  aut.push_later([] { return "at the end\n"s; });
  CAF_CHECK(aut.finish(patience));
  CAF_CHECK_EQUAL(pipe.read_line(), "at the end");
}

CAF_TEST(a descriptor that does not wait is waited for) {
  const pipe_pair pipe;
  pipe.fill();
  fcntl(pipe.writing.get(), F_SETFL, O_NONBLOCK);
  line_queue aut{pipe.writing.get(), room, told_loss};
  aut.push("one\n");
  CAF_CHECK_EQUAL(pipe.read_line(), "one");
  CAF_CHECK(aut.finish(patience));
}
