// Compaction of stores whose journals have grown or whose files are in doubt, and the
// orderly end.

#include "actors/session/session_codec.hpp"
#include "actors/session/session_journal.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

// -- compaction --------------------------------------------------------------------

void session_journal_state::compact_if_due(kept_store& store) {
  if (store.compacting || store.syncs > 0 || !store.files || !stopping_.empty())
    return;
  if (has_grown(store) && self_->clock().now() >= store.compact_again_at)
    compact(store);
}

bool session_journal_state::has_grown(const kept_store& x) const {
  const auto due = std::max(config_.compact_bytes_min,
                            config_.compact_snapshots * x.files->snapshot_bytes());
  return x.files->journal_growth() >= std::min(due, config_.max_journal_bytes);
}

/// Where nobody waits for it, so nobody brings once more what was lost.
void session_journal_state::write_anew(kept_store& x) {
  if (!x.must_be_anew() || x.compacting)
    return;
  put_back_lost(x);
  compact(x);
}

/// What a failed sync lost cannot be read, and has to be, for the files to be written
/// anew: of the newest update of each document the spool knows better.
void session_journal_state::put_back_lost(kept_store& x) {
  const auto mark = x.files->info().mark;
  if (!x.suspect || !config_.spool || mark.spool_id != config_.spool->id())
    return;
  const auto lane = config_.spool->find_lane(lane_kind::session, x.name);
  if (lane == 0)
    return;
  store_write again;
  again.changes = {x.name, {}, mark};
  for (auto& record : config_.spool->read(lane, config_.spool->state(lane).released))
    if (auto found = read_session_record(record))
      for (auto& change : *found) {
        const auto* stored = x.files->index().find(change.key);
        if (stored && !change.erased && stored->seq == change.seq)
          again.changes.changes.push_back(std::move(change));
      }
  if (!again.changes.changes.empty())
    mend(x, again);
}

/// Whoever wrote to the store may have gone: it comes back to good by itself.
void session_journal_state::on_retry(const std::string& store, uint64_t generation) {
  auto place = stores_.find(store);
  if (place == stores_.end()
      || !place->second.compact_again.ends<atom::retry>(self_, generation, store))
    return;
  auto& x = place->second;
  if (x.compacting || !stopping_.empty())
    return;
  if (open(store, x)) {
    try_again_later(x);
    return;
  }
  if (x.must_be_anew())
    write_anew(x);
  else if (has_grown(x))
    compact_if_due(x);
  else
    x.compaction.clear();
}

void session_journal_state::try_again_later(kept_store& x) {
  const auto pause = x.pause.next();
  x.compact_again_at = self_->clock().now() + pause;
  x.compact_again.close();
  x.compact_again.open<atom::retry>(self_, pause, x.name);
}

void session_journal_state::compact(kept_store& store) {
  store.compacting = true;
  ++open_;
  auto work = store.files->prepare_compaction();
  auto helper = compactors_.take();
  auto ended = [this, &store, work, helper](const caf::error& err) {
    compactors_.give_back(self_, helper, err);
    --open_;
    compacted(store, *work, err);
  };
  self_->request(helper, caf::infinite, atom::compact_v, compaction_handle{work})
    .then([ended](const io_counts&) { ended(caf::none); },
          [ended](const caf::error& err) { ended(err); });
}

void session_journal_state::compacted(kept_store& store, const store_compaction& work,
                                      const caf::error& err) {
  store.compacting = false;
  count(store.name, work.io());
  if (err) {
    ++failures_;
    store.files->compaction_failed(work);
    store.compaction_error = err;
    store.compaction.note(text_of(err));
    try_again_later(store);
  } else {
    ++compactions_;
    // Its syncs were good, and nothing was appended meanwhile.
    if (auto claim = claim_on(store); claim.release)
      claim.release();
    // Where the new files cannot be opened, they are read at the next request.
    if (store.files->adopt(work))
      shut(store);
    store.suspect = false;
    store.pause.reset();
    store.compact_again.close();
    store.compaction.clear();
    store.syncing.clear();
    if (std::exchange(store.disturbed, false)) {
      std::string text = "somebody removed or changed files of a session store; it was "
                         "written anew to "
                         + config_.directory;
      for (auto& aside : work.set_aside())
        text += ", and " + aside + " set aside";
      store.foreign.note(text);
    }
  }
  for (auto& x : std::exchange(store.held, {}))
    write(std::move(x));
  report_counts();
  finish_stop();
}

// -- the end -----------------------------------------------------------------------

caf::result<stop_report> session_journal_state::stop() {
  auto rp = detail::owe<stop_report>(self_);
  stopping_.push_back(rp);
  finish_stop();
  return rp;
}

/// Begins to sync what is not; returns how many stores that concerns.
uint64_t session_journal_state::sync_at_end() {
  auto stores = unsynced();
  ++open_;
  for (auto& [key, store] : stores_) {
    if (!store.files)
      continue;
    if (store.suspect || store.files->needs_rebuild())
      compact(store);
    else
      sync_unasked(store);
  }
  --open_;
  return stores;
}

/// Stores with something that is not known to be on disk.
uint64_t session_journal_state::unsynced() const {
  auto in_doubt = [](const auto& x) {
    auto& store = x.second;
    if (!store.files)
      return false;
    auto& journal = store.files->journal();
    return store.suspect || store.files->needs_rebuild()
           || (journal && journal->has_unsynced());
  };
  return static_cast<uint64_t>(std::count_if(stores_.begin(), stores_.end(), in_doubt));
}

void session_journal_state::finish_stop() {
  if (stopping_.empty() || open_ > 0)
    return;
  if (!std::exchange(ending_, true))
    to_drain_ = sync_at_end();
  if (open_ > 0)
    return;
  syncers_.stop(self_);
  compactors_.stop(self_);
  stop_report report{name, {}, 0, unsynced(), {}};
  report.drained = to_drain_ - std::min(to_drain_, report.left);
  for (auto& [store, x] : stores_)
    if (report.left > 0 && (x.syncing || x.compaction))
      report.detail = "session store " + store + " could not be synced";
  report_counts();
  for (auto& rp : std::exchange(stopping_, {}))
    rp.deliver(report);
  self_->quit();
}

} // namespace sluice
