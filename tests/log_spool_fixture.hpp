// A log's buffer and writer on a real directory, with a spool, and a way to end both as
// SIGKILL does. Include it after defining CAF_SUITE.
#pragma once

#include "actors/log/log_buffer.hpp"
#include "actors/log/log_writer.hpp"

#include "tests/failing_syncer.hpp"
#include "tests/fixture.hpp"
#include "tests/small_disk.hpp"
#include "tests/temp_dir.hpp"

#include <sys/stat.h>

#include <algorithm>

namespace sluice::test {

using namespace std::string_literals;
namespace fs = std::filesystem;

/// The smallest spool there is.
constexpr size_t small = 1'048'576;

/// A writer that takes batches and dies before it answers.
inline log_writer_actor::behavior_type
mute_writer(log_writer_actor::pointer self, const std::shared_ptr<log_batch>& last) {
  return {
    [self, last](atom::write, const log_batch& batch) -> caf::result<log_outcome> {
      *last = batch;
      return self->make_response_promise<log_outcome>();
    },
    [](atom::sync, const std::string&) { return io_counts{}; },
    [](atom::tail, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::load, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::find, const std::string&) { return true; },
    [](atom::close, const std::string&) { return true; },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

struct log_spool_fixture : fixture {
  log_spool_fixture() {
    write_file(dir / "id", "x");
    fs::create_directory(dir / "logs");
    open_spool();
  }

  void open_spool(size_t max_bytes = 4'194'304) {
    keep.reset();
    auto opened = spool::open({dir / "spool", max_bytes, "an id", dir.path()});
    if (!opened)
      CAF_FAIL(text_of(opened.error()));
    keep = *opened;
  }

  void start_writer() {
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.spool = keep;
    config.make_syncer = [this] {
      return tracked(sys.spawn(failing_syncer, failing_syncs));
    };
    writer = tracked(sys.spawn(log_writer, std::move(config)));
  }

  void start_buffer(log_buffer_config config = {}) {
    config.log = "app";
    config.spool = keep;
    aut = tracked(
      sys.spawn(log_buffer, std::move(config), writer, metrics_aggregator_actor{}));
    settle();
  }

  void start() {
    start_writer();
    start_buffer();
  }

  /// Ends both as SIGKILL would, and opens the spool as the next process does.
  void die() {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    caf::anon_send_exit(writer, caf::exit_reason::kill);
    settle();
    aut = nullptr;
    writer = nullptr;
    open_spool();
  }

  static log_chunk chunk_of(const std::string& text,
                            durability at_least = durability::memory) {
    auto count = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
    return {text, count, {}, at_least};
  }

  log_receipt append(const std::string& text) {
    return get<log_receipt>(aut, atom::append_v, chunk_of(text));
  }

  ec refused(const std::string& text, durability at_least = durability::memory) {
    return refusal<log_receipt>(aut, atom::append_v, chunk_of(text, at_least));
  }

  uint64_t flush() { return get<flush_report>(aut, atom::flush_v).flushed; }
  durability persist() { return get<durability>(aut, atom::persist_v, ~uint64_t{0}); }
  std::string file() { return read_file(path); }

  file_position start_of_file() {
    struct stat info {};
    ::stat(path.c_str(), &info);
    return {info.st_dev, info.st_ino, 0};
  }

  template <class Handle>
  bool alerts_of(const Handle& who, const std::string& id) {
    auto report = get<status_report>(who, atom::status_v);
    return std::any_of(report.alerts.begin(), report.alerts.end(),
                       [&id](const alert& x) { return x.id == id; });
  }

  bool writer_alerts(const std::string& id) { return alerts_of(writer, id); }

  int64_t writer_counts(const std::string& what) {
    for (const auto& x : get<status_report>(writer, atom::status_v).state)
      if (x.name == what)
        return caf::get<int64_t>(x.value);
    return -1;
  }

  /// Asks for the disk and lets nobody wait for the answer.
  void ask_for_disk() {
    self->send(aut, atom::persist_v, ~uint64_t{0});
    settle();
  }

  /// Leaves a file whose first line is synced, and whose second a failed sync has put in
  /// doubt.
  void leave_doubtful_line() {
    append("kept\n");
    CAF_CHECK_EQUAL(persist(), durability::disk);
    append("doubtful\n");
    *failing_syncs = 1;
    ask_for_disk();
  }

  /// What the page cache still shows and the disk never got: a line that is written in
  /// place of these bytes is one that was written again.
  void drop_pages(uint64_t from, size_t count) {
    std::fstream{path, std::ios::in | std::ios::out}.seekp(static_cast<long>(from))
      << std::string(count, '\0');
  }

  lane_state kept() { return keep->state(keep->lane(lane_kind::log, "app")); }

  /// Leaves three lines in the spool of which a batch was begun at the file's start.
  void leave_begun_batch(const std::string& already) {
    write_file(path, already);
    auto lane = keep->lane(lane_kind::log, "app");
    auto last = keep->state(lane).appended + 3;
    if (auto err = keep->append(lane, last, 3, lines))
      CAF_FAIL(text_of(err));
    keep->begin_batch(lane, {start_of_file(), last - 2, last});
    open_spool();
  }

  temp_dir dir;
  std::string path = dir / "logs/app.log";
  std::string lines = "first\nsecond\nthird\n";
  std::shared_ptr<spool> keep;
  std::shared_ptr<int> failing_syncs = std::make_shared<int>(0);
  log_writer_actor writer;
  log_buffer_actor aut;
};

} // namespace sluice::test
