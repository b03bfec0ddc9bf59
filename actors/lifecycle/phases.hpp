// The PHASES of a service, and what each event means in each of them: one table, so that
// no two of a start, a restart and a stop are ever under way at once. A stop that comes
// while others are being started waits for that, up to a point.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

enum class phase : size_t {
  /// Nothing was asked for yet.
  idle = 0,
  /// All are started for the first time.
  starting = 1,
  running = 2,
  /// Those that are started together are drained, until the last of them is gone.
  clearing = 3,
  /// They are started anew.
  renewing = 4,
  /// They could not be, and are tried again later.
  waiting = 5,
  /// A start found what no later one would mend.
  failed = 6,
  stopping = 7,
};

constexpr size_t phase_count = 8;

std::string_view text_of(phase x);

enum class event : size_t {
  start_asked = 0,
  started = 1,
  /// The start failed of something that may pass.
  start_postponed = 2,
  start_failed = 3,
  /// One died who is started anew alone.
  one_died = 4,
  /// One died who is started anew together with others.
  joint_died = 5,
  /// The last of those who are to be started anew is gone.
  cleared = 6,
  retry_due = 7,
  stop_asked = 8,
  /// A stop has waited long enough.
  stop_due = 9,
  /// Nobody who is started anew alone is yet to come.
  ones_came = 10,
};

constexpr size_t event_count = 11;

/// What is to be done about an event.
enum class action {
  /// It means nothing now.
  none,
  refuse,
  start,
  serve,
  /// Remember who died, until all others are there.
  note,
  /// Start the one anew who died.
  revive,
  /// Drain those that are started together.
  clear,
  /// Try once more later.
  postpone,
  give_up,
  /// Keep the stop waiting.
  hold,
  stop,
};

class phases {
public:
  /// Goes on to the phase that follows, and returns what is to be done.
  action on(event what);

  /// Says whether one who is started anew alone is yet to come: until then a stop would
  /// find nobody in that place, and waits.
  void expect_one(bool whether) { one_is_expected_ = whether; }

  phase now() const { return now_; }

  bool is_running() const { return now_ == phase::running && !stop_waits_; }

  /// Others are being started, for the first time or anew.
  bool starts() const { return now_ == phase::starting || now_ == phase::renewing; }

  /// Nothing but the end is to come.
  bool ends() const { return now_ == phase::stopping || stop_waits_; }

private:
  bool is_at_rest() const;

  phase now_ = phase::idle;
  bool stop_waits_ = false;
  bool one_is_expected_ = false;
};

} // namespace sluice
