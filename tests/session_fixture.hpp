// The debouncer between a mock store, which a test can hold up or make fail, and the
// deterministic clock. Include it after defining CAF_SUITE.
#pragma once

#include "actors/session/session_debouncer.hpp"

#include <caf/event_based_actor.hpp>

#include "tests/fixture.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::test {

using documents = std::map<std::string, std::string>;

/// What the mock store holds, was asked for, and shall do.
struct store_script {
  std::map<std::string, documents> data;
  std::map<std::string, session_mark> marks;
  std::vector<session_changes> applied;
  std::vector<durability> levels;
  std::vector<session_prune> prunes;
  int stores_asked = 0;
  int loads = 0;
  int whole_loads = 0;
  /// Keys that a prune finds.
  std::vector<std::string> excess;
  /// Prunes that find nothing, before those that find these.
  size_t found_after = 0;
  /// Stores that cannot be read, and why.
  std::map<std::string, std::string> unreadable;
  /// Answer with this instead.
  caf::error stores_failure;
  caf::error load_failure;
  caf::error apply_failure;
  caf::error prune_failure;
  /// Prunes that fail so, until they are good again.
  size_t prune_failures = SIZE_MAX;
  /// Keep answers back until the mock is told to stop, then let so many go.
  bool holds = false;
  size_t releases = 0;
  std::vector<std::function<void()>> held;

  /// Lets the first `count` answers go.
  void release(size_t count) {
    for (; count > 0 && !held.empty(); --count) {
      auto answer = std::move(held.front());
      held.erase(held.begin());
      answer();
    }
  }

  session_store_info info(const std::string& store) const {
    session_store_info result{store, 0, 0};
    if (auto mark = marks.find(store); mark != marks.end())
      result.mark = mark->second;
    if (auto found = data.find(store); found != data.end())
      for (auto& [key, document] : found->second) {
        ++result.entries;
        result.bytes += key.size() + document.size();
      }
    return result;
  }

  session_applied apply(const session_changes& x, durability level) {
    auto& store = data[x.store];
    session_applied result{0, {}, level};
    for (auto& change : x.changes) {
      auto before = store;
      if (change.erased)
        store.erase(change.key);
      else
        store[change.key] = change.document;
      result.written += before != store;
    }
    marks[x.store] = x.mark;
    result.now = info(x.store);
    return result;
  }
};

using script_ptr = std::shared_ptr<store_script>;

struct mock_store_state {
  static inline const char* name = "mock-store";
  mock_store_state() = default;
};

template <class Answer>
caf::result<Answer> scripted(session_store_actor::pointer self, const script_ptr& script,
                             const caf::error& failure, Answer answer) {
  auto rp = self->make_response_promise<Answer>();
  auto deliver = [rp, failure, answer]() mutable {
    if (failure)
      rp.deliver(failure);
    else
      rp.deliver(answer);
  };
  if (script->holds)
    script->held.push_back(deliver);
  else
    deliver();
  return rp;
}

/// An apply that is held changes the data when it is released.
inline caf::result<session_applied> scripted_apply(session_store_actor::pointer self,
                                                   const script_ptr& script,
                                                   const session_changes& x,
                                                   durability level) {
  script->applied.push_back(x);
  script->levels.push_back(level);
  auto rp = self->make_response_promise<session_applied>();
  auto deliver = [rp, script, x, level, failure = script->apply_failure]() mutable {
    if (failure)
      rp.deliver(failure);
    else
      rp.deliver(script->apply(x, level));
  };
  if (script->holds)
    script->held.emplace_back(deliver);
  else
    deliver();
  return rp;
}

inline session_pruned scripted_prune(store_script& script, const session_prune& x) {
  script.prunes.push_back(x);
  if (script.prunes.size() <= script.found_after)
    return {{}, script.info(x.store), false};
  auto held = x.enforce && script.excess.size() > x.removes_max;
  if (x.enforce && !held)
    for (auto& key : script.excess)
      script.data[x.store].erase(key);
  return {script.excess, script.info(x.store), held};
}

inline session_store_actor::behavior_type
mock_store(session_store_actor::stateful_pointer<mock_store_state> self,
           const script_ptr& script) {
  return {
    [=](atom::load, const std::string& store, const std::string& key) {
      ++script->loads;
      auto& all = script->data[store];
      auto found = all.find(key);
      auto answer =
        found == all.end() ? session_lookup{} : session_lookup{true, found->second};
      return scripted(self, script, script->load_failure, answer);
    },
    [=](atom::load_all, const std::string& store) {
      ++script->whole_loads;
      std::vector<session_document> answer;
      for (auto& [key, document] : script->data[store])
        answer.push_back({key, document});
      return scripted(self, script, script->load_failure, answer);
    },
    [](atom::stores) { return std::vector<session_store_info>{}; },
    [=](atom::stores, uint64_t max) {
      ++script->stores_asked;
      std::vector<session_store_info> answer;
      for (auto& [store, all] : script->data)
        if (!script->unreadable.contains(store))
          answer.push_back(script->info(store));
      for (auto& [store, why] : script->unreadable)
        answer.push_back({store, 0, 0, {}, why});
      session_store_list all{answer, answer.size()};
      all.stores.resize(std::min<size_t>(max, answer.size()));
      return scripted(self, script, script->stores_failure, all);
    },
    [=](atom::stores, const std::string& store) -> caf::result<session_store_info> {
      auto problem = script->unreadable.find(store);
      if (problem != script->unreadable.end())
        return caf::make_error(ec::unavailable, problem->second);
      return script->info(store);
    },
    [=](atom::apply, const session_changes& x, durability level) {
      return scripted_apply(self, script, x, level);
    },
    [=](atom::prune, const session_prune& x) {
      auto answer = scripted_prune(*script, x);
      auto fails = script->prunes.size() <= script->prune_failures;
      return scripted(self, script, fails ? script->prune_failure : caf::error{}, answer);
    },
    [](atom::status) { return status_report{}; },
    [=](atom::stop) {
      script->release(script->releases);
      return stop_report{};
    },
  };
}

struct mock_metrics_state {
  static inline const char* name = "mock-metrics";
  mock_metrics_state() = default;
};

/// Sums up what it is told; any question to it fails the test.
inline metrics_aggregator_actor::behavior_type
mock_metrics(metrics_aggregator_actor::stateful_pointer<mock_metrics_state>,
             const std::shared_ptr<metrics_report>& told) {
  return {
    [=](atom::report, const metrics_report& x) {
      told->counts += x.counts;
      told->ledger.insert(told->ledger.end(), x.ledger.begin(), x.ledger.end());
    },
    [](atom::attach, const metered_actor&) { CAF_FAIL("unexpected attach"); },
    [](atom::ledger) { return ledger_report{}; },
    [](atom::totals) { return metrics_totals{}; },
    [](atom::snapshot) { return metrics_window{}; },
    [](atom::history) { return std::vector<metrics_window>{}; },
    [](atom::tick) { CAF_FAIL("unexpected tick"); },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

/// An answer that may still be on its way.
template <class Answer>
struct later {
  std::optional<Answer> answer;
  caf::error failure;

  bool open() const { return !answer && !failure; }
};

struct session_fixture : fixture {
  session_fixture() {
    config.wall_now_ms = [this] {
      auto passed = sched.clock().now() - clock_start;
      return wall_start_ms + wall_step_ms
             + std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
    };
    config.boot_now_ms = [this] {
      auto passed = sched.clock().now() - clock_start;
      return std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
    };
    config.clock_synchronised = [this] { return synchronised; };
    store = tracked(sys.spawn(mock_store, script));
    metrics = tracked(sys.spawn(mock_metrics, told));
  }

  void start() {
    debouncer = tracked(sys.spawn(session_debouncer, config, store, metrics));
    settle();
  }

  // -- requests that are answered at once ------------------------------------------

  // Each returns the receipt's number, or 0 and the error in `refusal`.

  template <class... Args>
  uint64_t update(Args... args) {
    auto receipt = ask<session_receipt>(debouncer, args...);
    refusal = receipt ? caf::error{} : receipt.error();
    return receipt ? receipt->seq : 0;
  }

  uint64_t put(const std::string& key, const std::string& document, credit charge = {}) {
    return update(atom::put_v, session_update{"s", key, document, std::move(charge)});
  }

  uint64_t patch(const std::string& key, const std::string& text) {
    return update(atom::patch_v, session_update{"s", key, text, {}});
  }

  uint64_t erase(const std::string& key) {
    return update(atom::erase_v, std::string{"s"}, key, durability::memory);
  }

  uint64_t replace(const std::vector<session_document>& all, credit charge = {}) {
    return update(atom::replace_v, session_replacement{"s", all, std::move(charge)});
  }

  /// The document, or the error's code in angle brackets.
  std::string get(const std::string& key) {
    auto found =
      ask<std::string>(debouncer, atom::get_v, std::string{"s"}, key, credit{});
    return found ? *found : "<" + to_string(code_of(found.error())) + ">";
  }

  documents get_all() {
    auto found = ask<std::vector<session_document>>(debouncer, atom::get_all_v,
                                                    std::string{"s"}, credit{});
    documents result;
    CAF_REQUIRE(found);
    for (auto& x : *found)
      result.emplace(x.key, x.document);
    return result;
  }

  /// Documents flushed, or 0 and the error in `refusal`.
  uint64_t flush() {
    auto report = ask<flush_report>(debouncer, atom::flush_v, std::string{"s"});
    refusal = report ? caf::error{} : report.error();
    return report ? report->flushed : 0;
  }

  session_stats stats() {
    auto found = ask<session_stats>(debouncer, atom::stats_v);
    return found ? *found : session_stats{};
  }

  status_report status() {
    auto found = ask<status_report>(debouncer, atom::status_v);
    return found ? *found : status_report{};
  }

  metrics_report collect() {
    auto found = ask<metrics_report>(debouncer, atom::collect_v);
    return found ? *found : metrics_report{};
  }

  bool has_alert(const std::string& id) {
    auto alerts = status().alerts;
    return std::any_of(alerts.begin(), alerts.end(),
                       [&](const alert& x) { return x.id == id; });
  }

  /// A number of the debouncer's state, or -1.
  int64_t value(const std::string& name) {
    for (auto& x : status().state)
      if (auto* number = caf::get_if<int64_t>(&x.value); number && x.name == name)
        return *number;
    return -1;
  }

  // -- requests that may wait ------------------------------------------------------

  template <class Answer, class... Args>
  std::shared_ptr<later<Answer>> ask_later(Args... args) {
    auto result = std::make_shared<later<Answer>>();
    sys.spawn([=, who = debouncer](caf::event_based_actor* me) {
      me->request(who, caf::infinite, args...)
        .then([=](Answer& x) { result->answer = std::move(x); },
              [=](caf::error& err) { result->failure = std::move(err); });
    });
    settle();
    return result;
  }

  /// Keeps the store's answers back from now on.
  void hold() { script->holds = true; }

  /// Lets the first `count` answers go that were kept back, and keeps later ones.
  void release_held(size_t count) {
    script->releases = count;
    ask<stop_report>(store, atom::stop_v);
  }

  /// Lets all go that were kept back; later ones pass.
  void release() {
    script->holds = false;
    release_held(script->held.size());
  }

  std::string stored(const std::string& key) {
    auto& all = script->data["s"];
    auto found = all.find(key);
    return found == all.end() ? "<none>" : found->second;
  }

  caf::actor_clock::time_point clock_start = sched.clock().now();
  int64_t wall_start_ms = 1'700'000'000'000;
  int64_t wall_step_ms = 0;
  bool synchronised = true;
  script_ptr script = std::make_shared<store_script>();
  std::shared_ptr<metrics_report> told = std::make_shared<metrics_report>();
  session_debouncer_config config;
  session_store_actor store;
  metrics_aggregator_actor metrics;
  session_debouncer_actor debouncer;
  caf::error refusal;
};

inline constexpr caf::timespan nanosecond{1};

} // namespace sluice::test
