#include "actors/session/session_journal.hpp"

#include "actors/detail/names.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// A file that cannot be read is not tried again before.
constexpr auto read_again_after = std::chrono::seconds{1};

/// The store that a file of this name belongs to, or nothing.
std::string store_of(std::string_view name) {
  for (auto& suffix : {journal_suffix, snapshot_suffix})
    if (name.ends_with(suffix)) {
      auto store = name.substr(0, name.size() - suffix.size());
      return detail::valid_name(store) ? std::string{store} : std::string{};
    }
  return {};
}

} // namespace

void session_journal_state::init(session_journal_config config,
                                 metrics_aggregator_actor metrics) {
  config_ = std::move(config);
  in_ = folder{config_.directory};
  metrics_ = std::move(metrics);
  syncers_.configure(config_.make_syncer);
  compactors_.configure(config_.make_compactor);
}

// -- stores ------------------------------------------------------------------------

/// Opens all that there are, before the first request.
caf::error session_journal_state::list() {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the session store is stopping");
  if (listed_)
    return caf::none;
  auto names = in_.names();
  if (!names)
    return std::move(names.error());
  for (auto& file : *names)
    if (auto store = store_of(file); !store.empty())
      open(store, stores_[store]);
  listed_ = true;
  report_counts();
  return caf::none;
}

caf::error session_journal_state::open(const std::string& store, kept_store& x) {
  auto now = self_->clock().now();
  if (x.files)
    return caf::none;
  if (x.unreadable && now < x.read_again_at)
    return x.unreadable;
  io_counts io;
  auto files = journal_store::open(in_, store, config_.identity_file, io);
  count(store, io);
  if (!files) {
    ++failures_;
    x.unreadable = files.error();
    x.read_again_at = now + read_again_after;
    x.reading.note(text_of(x.unreadable));
    return x.unreadable;
  }
  x.name = store;
  x.files = std::move(*files);
  x.suspect = x.suspect || in_doubt(store);
  x.unreadable = caf::none;
  x.reading.clear();
  return caf::none;
}

/// Whether an earlier run's sync failed, or may have: what the page cache shows of the
/// files proves nothing then, and they are written anew.
bool session_journal_state::in_doubt(const std::string& store) const {
  if (!config_.spool)
    return false;
  auto lane = config_.spool->lane(lane_kind::session, store);
  return config_.spool->state(lane).doubt.has_value();
}

caf::expected<kept_store*> session_journal_state::find(const std::string& store) {
  if (auto err = list())
    return err;
  auto found = stores_.find(store);
  if (found == stores_.end())
    return nullptr;
  if (auto err = open(store, found->second))
    return err;
  return &found->second;
}

// -- reading -----------------------------------------------------------------------

caf::result<session_lookup> session_journal_state::load(const std::string& store,
                                                        const std::string& key) {
  auto found = find(store);
  if (!found)
    return std::move(found.error());
  if (!*found)
    return session_lookup{};
  io_counts io;
  auto document = (*found)->files->load(key, io);
  count(store, io);
  if (!document)
    return std::move(document.error());
  return std::move(*document);
}

caf::result<session_changes> session_journal_state::dump(const std::string& store) {
  auto found = find(store);
  if (!found)
    return std::move(found.error());
  if (!*found)
    return session_changes{store, {}, {}};
  io_counts io;
  auto all = (*found)->files->dump(io);
  count(store, io);
  if (!all)
    return std::move(all.error());
  return std::move(*all);
}

caf::result<std::vector<session_document>>
session_journal_state::load_all(const std::string& store) {
  auto found = find(store);
  if (!found)
    return std::move(found.error());
  std::vector<session_document> result;
  if (!*found)
    return result;
  io_counts io;
  auto all = (*found)->files->dump(io);
  count(store, io);
  if (!all)
    return std::move(all.error());
  result.reserve(all->changes.size());
  for (auto& x : all->changes)
    result.push_back({std::move(x.key), std::move(x.document)});
  return result;
}

caf::result<std::vector<session_store_info>> session_journal_state::stores() {
  if (auto err = list())
    return err;
  std::vector<session_store_info> result;
  for (auto& [store, x] : stores_) {
    if (open(store, x))
      continue;
    auto info = x.files->info();
    if (info.entries > 0 || !info.mark.spool_id.empty())
      result.push_back(std::move(info));
  }
  return result;
}

// -- numbers -----------------------------------------------------------------------

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
  for (auto& [store, x] : stores_) {
    for (auto* trouble : {&x.reading, &x.writing, &x.syncing, &x.compaction, &x.foreign})
      trouble->tell(report);
    held += x.held.size();
    if (!x.files) {
      files = {"session-files", false, text_of(x.unreadable)};
      continue;
    }
    auto& found = x.files->alerts();
    report.alerts.insert(report.alerts.end(), found.begin(), found.end());
    entries += x.files->index().entries();
    bytes += x.files->index().bytes();
    journals += x.files->journal() ? x.files->journal()->end() : 0;
    snapshots += x.files->snapshot_bytes();
    set_aside += x.files->set_aside();
  }
  sync_watch_.tell(report);
  report.checks = {files};
  report.troubles.push_back({"session-line-set-aside", set_aside});
  report.troubles.push_back({"session-journal-tries-failed", failures_});
  report.state = {{"stores", static_cast<int64_t>(stores_.size())},
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

// -- the actor ---------------------------------------------------------------------

session_journal_actor::behavior_type
session_journal(session_journal_actor::stateful_pointer<session_journal_state> self,
                session_journal_config config, metrics_aggregator_actor metrics) {
  auto* st = &self->state;
  st->init(std::move(config), std::move(metrics));
  return {
    [st](atom::load, const std::string& store, const std::string& key) {
      return st->load(store, key);
    },
    [st](atom::load_all, const std::string& store) { return st->load_all(store); },
    [st](atom::stores) { return st->stores(); },
    [st](atom::apply, session_changes& x, durability level) {
      return st->apply(x, level);
    },
    [st](atom::prune, const session_prune& x) { return st->prune(x); },
    [st](atom::dump, const std::string& store) { return st->dump(store); },
    [st](atom::check, uint64_t generation) { st->on_check(generation); },
    // -- every actor ---------------------------------------------------------------
    [st](atom::collect) { return st->collect(); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
