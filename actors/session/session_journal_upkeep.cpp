// Compaction of stores whose journals have grown or whose files are in doubt, and the
// orderly end.

#include "actors/session/session_journal.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

// -- compaction --------------------------------------------------------------------

void session_journal_state::compact_if_due(kept_store& store) {
  if (store.compacting || store.syncs > 0 || !store.files || !stopping_.empty())
    return;
  auto due = std::max(config_.compact_bytes_min,
                      config_.compact_snapshots * store.files->snapshot_bytes());
  due = std::min(due, config_.max_journal_bytes);
  if (store.files->journal_growth() >= due
      && self_->clock().now() >= store.compact_again_at)
    compact(store);
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
    store.compact_again_at = self_->clock().now() + store.pause.next();
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
