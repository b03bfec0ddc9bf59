// Who of those behind the database has been silent for too long: of readers the pool
// knows; the writer is heard whenever it answers, or tells of a sync.
#include "actors/database/database.hpp"

#include "actors/detail/wall_clock.hpp"

#include <string>

namespace sluice {

void database_state::on_check(uint64_t generation) {
  if (generation == reader_pool::look_generation)
    readers_->look();
  else
    sync_watch_.look(self_, generation);
}

void database_state::heard() {
  heard_at_ = self_->clock().now();
}

bool database_state::is_writer_silent() const {
  return relayed_ > 0 && !syncing_ && maintaining_ == 0
         && self_->clock().now() - heard_at_ >= cfg_.writer_silence_max;
}

void database_state::tell_silence(status_report& report) const {
  auto silent = is_writer_silent();
  report.checks.push_back(
    {"database-writer", !silent,
     silent ? "the writer works on a statement and answers nobody" : ""});
  auto readers = readers_->has_readers();
  report.checks.push_back(
    {"database-readers", readers, readers ? "" : "no reader is left that answers"});
  auto n = readers_->given_up();
  if (n == 0)
    return;
  auto since = detail::wall_clock_ms() - readers_->oldest_query_ms();
  report.alerts.push_back({"sqlite-reader-given-up",
                           std::to_string(n)
                             + " readers run statements that nothing ends, and others "
                               "have taken their places",
                           since});
}

} // namespace sluice
