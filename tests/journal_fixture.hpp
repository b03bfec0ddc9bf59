// A session journal on a real directory, with helpers that a test can hold up or make
// fail, and the deterministic clock. Include it after defining CAF_SUITE.
#pragma once

#include "actors/session/session_compactor.hpp"
#include "actors/session/session_journal.hpp"
#include "actors/session/store_compaction.hpp"
#include "actors/storage/sync_token.hpp"

#include "tests/fixture.hpp"
#include "tests/small_disk.hpp"
#include "tests/temp_dir.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

using namespace std::string_literals;
namespace fs = std::filesystem;

using documents = std::map<std::string, std::string>;

/// What the helpers do.
struct helper_script {
  int failing_syncs = 0;
  int failing_compactions = 0;
  /// The next compaction fails behind so many of its four steps; 0: it does not.
  int steps_before_failure = 0;
  int syncs = 0;
  /// Syncs never end.
  bool hangs = false;
  /// Compactions wait until they are let go.
  bool holds = false;
  std::vector<std::function<void()>> held;
};

using helper_script_ptr = std::shared_ptr<helper_script>;

inline file_syncer_actor::behavior_type scripted_syncer(file_syncer_actor::pointer self,
                                                        const helper_script_ptr& script) {
  return {
    [self, script](atom::sync, const file_handle& x) -> caf::result<io_counts> {
      ++script->syncs;
      if (script->hangs)
        return self->make_response_promise<io_counts>();
      if (script->failing_syncs > 0) {
        --script->failing_syncs;
        return caf::make_error(ec::disk_failed, "input/output error"s);
      }
      if (auto err = x.sync->run())
        return err;
      return io_counts{0, 0, 0, 0, 1};
    },
    [](atom::status) { return status_report{}; },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

inline caf::error fail_behind(int steps, store_compaction& work) {
  using step = caf::error (store_compaction::*)();
  for (step each :
       {&store_compaction::write_snapshot, &store_compaction::write_journal,
        &store_compaction::install_snapshot, &store_compaction::install_journal})
    if (steps-- > 0)
      CAF_REQUIRE(!(work.*each)());
  return caf::make_error(ec::disk_failed, "input/output error"s);
}

inline session_compactor_actor::behavior_type
scripted_compactor(session_compactor_actor::pointer self,
                   const helper_script_ptr& script) {
  return {
    [=](atom::compact, const compaction_handle& x) -> caf::result<io_counts> {
      if (script->failing_compactions > 0) {
        --script->failing_compactions;
        return caf::make_error(ec::disk_full, "no room"s);
      }
      if (const auto steps = std::exchange(script->steps_before_failure, 0); steps > 0)
        return fail_behind(steps, *x.work);
      auto rp = self->make_response_promise<io_counts>();
      auto run = [rp, work = x.work]() mutable {
        if (auto err = work->run())
          rp.deliver(std::move(err));
        else
          rp.deliver(work->io());
      };
      if (script->holds)
        script->held.emplace_back(run);
      else
        run();
      return rp;
    },
    [=](atom::status) {
      for (auto& run : std::exchange(script->held, {}))
        run();
      return status_report{};
    },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

struct journal_fixture : fixture {
  journal_fixture() {
    write_file(dir / "id", "x");
    config.directory = dir / "sessions";
    config.identity_file = dir / "id";
    config.make_syncer = [this] { return tracked(sys.spawn(scripted_syncer, script)); };
    config.make_compactor = [this] {
      compactor = tracked(sys.spawn(scripted_compactor, script));
      return compactor;
    };
    start();
  }

  /// Begins anew on the files that are there, as after a crash.
  void start() { aut = tracked(sys.spawn(session_journal, config, metrics)); }

  void restart() {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    settle();
    start();
  }

  /// Writes the files anew, without the service, which is to be restarted.
  void compact() {
    io_counts io;
    auto store = journal_store::open(folder{config.directory}, "s", dir / "id", io);
    CAF_REQUIRE(store);
    CAF_REQUIRE(!(*store)->prepare_compaction()->run());
  }

  // -- requests --------------------------------------------------------------------

  /// Applies to store `s`; returns how many were written, or 0 and `refusal`.
  uint64_t apply(std::vector<session_change> changes, session_mark mark = {},
                 durability level = durability::ram) {
    auto answer = ask<session_applied>(
      aut, atom::apply_v, session_changes{"s", std::move(changes), std::move(mark)},
      level);
    refusal = answer ? caf::error{} : answer.error();
    last = answer ? *answer : session_applied{};
    return last.written;
  }

  uint64_t put(const std::string& key, const std::string& document, uint64_t seq = 0,
               durability level = durability::ram) {
    auto mark = seq > 0 ? session_mark{"spool", seq} : session_mark{};
    return apply({{key, false, document, 1000, seq}}, mark, level);
  }

  uint64_t erase(const std::string& key) { return apply({{key, true, {}, 0, 0}}); }

  /// The document, or the error's code in angle brackets.
  std::string load(const std::string& key) {
    auto found = ask<session_lookup>(aut, atom::load_v, "s"s, key);
    if (!found)
      return "<" + to_string(code_of(found.error())) + ">";
    return found->exists ? found->document : "<none>";
  }

  documents whole() {
    auto found = get<std::vector<session_document>>(aut, atom::load_all_v, "s"s);
    documents result;
    for (auto& x : found)
      result.emplace(x.key, x.document);
    return result;
  }

  session_changes dump() { return get<session_changes>(aut, atom::dump_v, "s"s); }

  /// When the document at this place, in the order of the keys, was updated.
  int64_t updated_at(size_t place) { return dump().changes.at(place).updated_at_ms; }

  std::vector<session_store_info> stores() {
    return get<std::vector<session_store_info>>(aut, atom::stores_v);
  }

  session_mark mark() { return dump().mark; }

  status_report status() { return get<status_report>(aut, atom::status_v); }

  int64_t state(const std::string& name) {
    for (auto& x : status().state)
      if (x.name == name)
        return caf::get<int64_t>(x.value);
    CAF_FAIL("no such value: " << name);
    return 0;
  }

  bool has_alert(const std::string& id) {
    for (auto& x : status().alerts)
      if (x.id == id)
        return true;
    return false;
  }

  // -- files -----------------------------------------------------------------------

  std::string journal() { return read_file(journal_path); }
  std::string snapshot() { return read_file(snapshot_path); }

  /// Names in the directory that begin like this.
  std::vector<std::string> names(const std::string& front) {
    std::vector<std::string> result;
    for (auto& entry : fs::directory_iterator{config.directory})
      if (auto name = entry.path().filename().string(); name.starts_with(front))
        result.push_back(name);
    return result;
  }

  /// Has whatever was held run.
  void release_compaction() {
    script->holds = false;
    get<status_report>(compactor, atom::status_v);
  }

  temp_dir dir;
  std::string journal_path = dir / "sessions/s.journal";
  std::string snapshot_path = dir / "sessions/s.json";
  helper_script_ptr script = std::make_shared<helper_script>();
  session_journal_config config;
  metrics_aggregator_actor metrics;
  session_compactor_actor compactor;
  session_journal_actor aut;
  session_applied last;
  caf::error refusal;
};

} // namespace sluice::test
