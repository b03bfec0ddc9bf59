// The SPOOL KEEPER watches over the spool's files. When somebody has deleted them, it
// has the supervisor bring everything to disk and makes new ones; until then answers
// promise no more than memory. When others have filled the file system around them, or
// most lanes are taken, it has everything brought to disk too, so that the spool's own
// room and places become free. It looks when it is told or asked, and keeps no timer
// while all is well.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/detail/window_timer.hpp"
#include "actors/storage/spool.hpp"
#include "messages/spool_keeper.hpp"
#include "messages/supervisor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct spool_keeper_config {
  std::shared_ptr<sluice::spool> spool;
  /// What is wrong with the spool's place, for a person to know; each is an alert.
  std::vector<std::string> reservations = {};
  /// Percent of the bound taken by what is not written, past which it is told.
  uint64_t fill_percent_max = 90;
};

class spool_keeper_state {
public:
  static inline const char* name = "spool-keeper";

  explicit spool_keeper_state(spool_keeper_actor::pointer self) : self_(self) {}

  void init(spool_keeper_config config, supervisor_actor supervisor);

  void check();
  void on_retry(uint64_t generation);
  status_report status();
  stop_report stop();

private:
  void relieve();
  void on_relieved(const std::string& reason);
  void note_crowd(const std::string& reason);
  void mend();
  void begin_anew();
  void try_later(const std::string& reason);
  void tell_of_lanes(const spool_fill& fill);

  spool_keeper_actor::pointer self_;
  spool_keeper_config config_;
  supervisor_actor supervisor_;

  /// Everything is being brought to disk.
  bool mending_ = false;
  uint64_t renewals_ = 0;
  /// Times that everything was brought to disk for room or places.
  uint64_t reliefs_ = 0;
  detail::growing_pause pause_;
  detail::window_timer retry_;
  detail::trouble lost_{"spool-lost"};
  detail::trouble full_{"spool-nearly-full"};
  detail::trouble crowded_{"spool-crowded-out"};
  detail::trouble lanes_{"spool-lanes-short"};
  std::vector<alert> reservations_;
};

/// @param supervisor knows everybody who has something to bring to disk.
spool_keeper_actor::behavior_type
spool_keeper(spool_keeper_actor::stateful_pointer<spool_keeper_state> self,
             spool_keeper_config config, supervisor_actor supervisor);

} // namespace sluice
