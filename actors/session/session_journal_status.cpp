// What the session journal counts, and tells about itself.

#include "actors/detail/alert_sum.hpp"
#include "actors/session/session_journal.hpp"

#include <utility>

namespace sluice {

void session_journal_state::count(const std::string& store, const io_counts& io) {
  io_ += io;
  untold_.disk += io;
  booked_.spend(store, io);
}

metrics_report session_journal_state::collect() {
  return {std::exchange(untold_, {}), booked_.take()};
}

void session_journal_state::report_counts() {
  if (metrics_ && untold_ != metrics_delta{})
    self_->send(metrics_, atom::report_v, collect());
}

status_report session_journal_state::status() const {
  status_report report;
  report.name = name;
  check files{"session-files", true, {}};
  uint64_t entries = 0, bytes = 0, journals = 0, snapshots = 0, set_aside = 0, held = 0;
  listing_.tell(report);
  for (auto& [store, x] : stores_) {
    for (auto* trouble : {&x.reading, &x.writing, &x.syncing, &x.compaction, &x.foreign})
      trouble->tell(report);
    held += x.held.size();
    report.alerts.insert(report.alerts.end(), x.alerts.begin(), x.alerts.end());
    set_aside += x.set_aside;
    if (x.unreadable)
      files = {"session-files", false, text_of(x.unreadable)};
    if (!x.files)
      continue;
    auto& found = x.files->alerts();
    report.alerts.insert(report.alerts.end(), found.begin(), found.end());
    entries += x.files->index().entries();
    bytes += x.files->index().bytes();
    journals += x.files->journal() ? x.files->journal()->end() : 0;
    snapshots += x.files->snapshot_bytes();
    set_aside += x.files->set_aside();
  }
  detail::sum_up_alerts(report);
  sync_watch_.tell(report);
  report.checks = {files};
  report.troubles.push_back({"session-line-set-aside", set_aside});
  report.troubles.push_back({"session-journal-tries-failed", failures_});
  report.state = {{"stores", static_cast<int64_t>(stores_there_)},
                  {"openStores", static_cast<int64_t>(opened_.size())},
                  {"restedStores", static_cast<int64_t>(rested_)},
                  {"entries", static_cast<int64_t>(entries)},
                  {"storedBytes", static_cast<int64_t>(bytes)},
                  {"journalBytes", static_cast<int64_t>(journals)},
                  {"snapshotBytes", static_cast<int64_t>(snapshots)},
                  {"writes", static_cast<int64_t>(io_.writes)},
                  {"bytesWritten", static_cast<int64_t>(io_.write_bytes)},
                  {"syncs", static_cast<int64_t>(io_.syncs)},
                  {"compactions", static_cast<int64_t>(compactions_)},
                  {"failures", static_cast<int64_t>(failures_)},
                  {"setAside", static_cast<int64_t>(set_aside)},
                  {"heldWrites", static_cast<int64_t>(held)}};
  return report;
}

} // namespace sluice
