// A user of actors/coalesce/ that the service does not have: a GUEST BOOK takes names one
// by one and brings them to paper in order, one write a window. Its state is all that
// there is to write for it; the spool brings back what waited when it died.
#define CAF_SUITE fourth_user
#include "actors/coalesce/flight.hpp"
#include "actors/coalesce/lane.hpp"
#include "actors/coalesce/progress.hpp"
#include "actors/detail/alarm.hpp"

#include "tests/fixture.hpp"
#include "tests/spool_fixture.hpp"

#include <string>
#include <vector>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;

using paper_actor = caf::typed_actor<
  /// Adds the names; none of them if it fails.
  caf::replies_to<atom::write, names>::with<bool>>;

using guest_book_actor = caf::typed_actor<
  /// Takes a name: returns what it survives.
  caf::replies_to<atom::append, std::string>::with<durability>,
  /// Answers when all names that came before are on paper.
  caf::replies_to<atom::flush>::with<flush_report>,
  // internal: there may be something to do.
  caf::reacts_to<atom::tick, uint64_t>>;

struct guest_book_state {
  explicit guest_book_state(guest_book_actor::pointer pointer) : self(pointer) {}

  void restore() {
    const auto before = lane.state();
    progress.resume(before.appended, before.written, before.released);
    flight.resume(before.written, before.appended);
    for (auto& record : lane.read(before.written))
      waiting.push_back(std::move(record.data));
    flight.want(before.appended);
    go_on();
  }

  caf::result<durability> append(const std::string& name) {
    const auto now = self->clock().now();
    auto level = lane.take(progress.accepted() + 1, 1, name, durability::memory, now);
    if (level) {
      waiting.push_back(name);
      flight.add(progress.accept(), now, std::chrono::seconds{5});
      go_on();
    }
    return level;
  }

  caf::result<flush_report> flush() {
    if (waiting.empty())
      return flush_report{};
    auto answer = progress.await(self, durability::ram, progress.accepted(),
                                 flush_report{waiting.size()});
    flight.want(progress.accepted());
    go_on();
    return answer;
  }

  void go_on() {
    flight.look(self->clock().now());
    if (flight.is_free() && flight.is_due()) {
      flight.begin(progress.accepted());
      self->request(paper, caf::infinite, atom::write_v, waiting)
        .then([this, last = progress.accepted()](bool) { on_written(last); },
              [this](const caf::error& err) {
                flight.failed(self->clock().now());
                progress.fail(durability::ram, err);
                go_on();
              });
    }
    alarm.set(self, flight.next_look());
  }

  void on_written(uint64_t last) {
    waiting.erase(waiting.begin(), waiting.end() - (progress.accepted() - last));
    flight.landed(last);
    lane.written(last);
    progress.wrote(last);
    go_on();
  }

  guest_book_actor::pointer self;
  paper_actor paper;
  coalesce::lane lane;
  coalesce::progress progress;
  coalesce::flight flight;
  detail::alarm alarm;
  names waiting;
};

guest_book_actor::behavior_type
guest_book(guest_book_actor::stateful_pointer<guest_book_state> self, paper_actor paper,
           const std::shared_ptr<spool>& in) {
  auto* st = &self->state;
  st->paper = std::move(paper);
  st->lane = coalesce::lane{in, {}, lane_kind::log, "guests"};
  st->restore();
  return {
    [st](atom::append, const std::string& name) { return st->append(name); },
    [st](atom::flush) { return st->flush(); },
    [st](atom::tick, uint64_t generation) {
      if (st->alarm.rings(generation))
        st->go_on();
    },
  };
}

/// What is on paper, and how it takes what comes.
struct sheet {
  names lines;
  uint64_t writes = 0;
  int failures_left = 0;
};

paper_actor::behavior_type paper(paper_actor::pointer,
                                 const std::shared_ptr<sheet>& all) {
  return {[all](atom::write, const names& more) -> caf::result<bool> {
    if (all->failures_left > 0) {
      --all->failures_left;
      return caf::make_error(ec::disk_full, "no paper");
    }
    ++all->writes;
    all->lines.insert(all->lines.end(), more.begin(), more.end());
    return true;
  }};
}

struct fixture : test::fixture {
  fixture() { start(); }

  ~fixture() override { die(); }

  void start() {
    aut = tracked(sys.spawn(guest_book, tracked(sys.spawn(paper, all)), ram.aut));
    settle();
  }

  void die() {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    aut = nullptr;
    settle();
  }

  durability sign(const std::string& name) {
    return get<durability>(aut, atom::append_v, name);
  }

  std::string written() const {
    std::string result;
    for (const auto& line : all->lines)
      result += line + " ";
    return result;
  }

  test::spool_fixture ram;
  std::shared_ptr<sheet> all = std::make_shared<sheet>();
  guest_book_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(fourth_user_tests, fixture)

CAF_TEST(a hundred names of a window are one write at its end) {
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(sign("x"), durability::memory);
  pass(5s - 1ns);
  CAF_CHECK_EQUAL(all->writes, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(all->writes, 1u);
  CAF_CHECK_EQUAL(all->lines.size(), 100u);
  CAF_CHECK_EQUAL(advance_time(1h), 0u);
}

CAF_TEST(what failed is on paper once and before what came since) {
  sign("anna");
  all->failures_left = 1;
  CAF_CHECK_EQUAL(refusal<flush_report>(aut, atom::flush_v), ec::disk_full);
  sign("bert");
  pass(100ms - 1ns);
  CAF_CHECK_EQUAL(all->writes, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(written(), "anna bert ");
}

CAF_TEST(what waited when it died is on paper once it is there again) {
  die();
  ram.reopen();
  start();
  CAF_CHECK_EQUAL(sign("anna"), durability::ram);
  CAF_CHECK_EQUAL(get<flush_report>(aut, atom::flush_v).flushed, 1u);
  CAF_CHECK_EQUAL(sign("bert"), durability::ram);
  die();
  ram.reopen();
  start();
  CAF_CHECK_EQUAL(written(), "anna bert ");
}

CAF_TEST_FIXTURE_SCOPE_END()
