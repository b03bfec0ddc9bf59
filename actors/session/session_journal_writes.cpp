// How what changed gets into the files, and to the disk where somebody waits for that.

#include "actors/detail/names.hpp"
#include "actors/session/session_journal.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice {

namespace {

/// Writes of one store that may wait for its compaction. The debouncer has one at a
/// time, so this is never reached by it.
constexpr size_t held_max = 16;

} // namespace

// -- requests ----------------------------------------------------------------------

caf::result<session_applied> session_journal_state::apply(session_changes& x,
                                                          durability level) {
  if (auto err = list())
    return err;
  if (!detail::valid_name(x.store))
    return caf::make_error(ec::invalid_argument,
                           "this is no name of a store: " + x.store);
  auto rp = detail::owe<session_applied>(self_);
  auto done = [rp](const caf::expected<session_applied>& answer) mutable {
    if (answer)
      rp.deliver(*answer);
    else
      rp.deliver(answer.error());
  };
  write({std::move(x), level, {}, done});
  return rp;
}

caf::result<session_pruned> session_journal_state::prune(const session_prune& x) {
  auto found = find(x.store);
  if (!found)
    return std::move(found.error());
  if (!*found)
    return session_pruned{{}, {x.store}};
  auto& files = *(*found)->files;
  if (!x.enforce && (x.right_now_ms == 0 || files.index().undated(1).empty()))
    return session_pruned{files.index().excess(x), files.info()};
  auto rp = detail::owe<session_pruned>(self_);
  auto result = std::make_shared<session_pruned>();
  auto choose = [result, x](const session_index& index) {
    std::vector<session_change> changes;
    result->keys = index.excess(x);
    result->held = x.enforce && result->keys.size() > x.removes_max;
    if (x.enforce && !result->held)
      for (auto& key : result->keys)
        changes.push_back({key, true, {}, 0, 0});
    return changes;
  };
  auto done = [rp, result](const caf::expected<session_applied>& answer) mutable {
    if (answer) {
      result->now = answer->now;
      rp.deliver(std::move(*result));
    } else {
      rp.deliver(answer.error());
    }
  };
  write({{x.store, {}, {}}, durability::ram, choose, done, false, 0, x.right_now_ms});
  return rp;
}

// -- writing -----------------------------------------------------------------------

void session_journal_state::write(store_write x) {
  auto key = x.changes.store;
  auto& store = stores_[key];
  if (store.compacting) {
    if (store.held.size() < held_max)
      store.held.push_back(std::move(x));
    else
      x.done(caf::make_error(ec::overloaded, "too many writes of store " + key));
    return;
  }
  if (auto err = make_ready(key, store)) {
    x.done(err);
    return;
  }
  auto rebuild = store.suspect || store.files->needs_rebuild();
  if ((rebuild || is_full(store)) && !x.rebuilt) {
    x.rebuilt = true;
    if (store.suspect)
      mend(store, x);
    store.held.push_back(std::move(x));
    compact(store);
  } else if (rebuild) {
    x.done(store.compaction_error);
  } else if (is_full(store)) {
    x.done(caf::make_error(ec::disk_full, "the journal of session store " + key
                                            + " is as large as it may be: "
                                            + text_of(store.compaction_error)));
  } else {
    append(store, std::move(x));
  }
}

/// Opens the files, unless they are, and looks whether somebody else touched them.
caf::error session_journal_state::make_ready(const std::string& store, kept_store& x) {
  if (auto err = open(store, x))
    return err;
  auto as_left = x.files->as_left();
  if (!as_left || *as_left)
    return as_left ? caf::error{} : std::move(as_left.error());
  if (!x.files->journal()) {
    // Nothing of ours is in it yet: what is there now is the store.
    shut(x);
    return open(store, x);
  }
  x.disturbed = true;
  x.files->demand_rebuild();
  return caf::none;
}

bool session_journal_state::is_full(const kept_store& x) const {
  return x.files->journal_growth() >= config_.max_journal_bytes;
}

/// What a failed sync may have lost comes once more, out of the spool: it is put at the
/// end first, so that what cannot be read any more need not be, for the files to be
/// written anew. That tells what is wrong if it cannot.
void session_journal_state::mend(kept_store& store, store_write& x) {
  auto& files = *store.files;
  if (x.choose || files.needs_rebuild() || is_full(store))
    return;
  io_counts io;
  auto plan = files.plan(x.changes, io);
  if (!files.write(plan, io))
    x.written += plan.changes.size();
  count(store.name, io);
}

void session_journal_state::append(kept_store& store, store_write x) {
  auto& files = *store.files;
  io_counts io;
  if (x.choose)
    x.changes.changes = x.choose(files.index());
  auto plan = files.plan(std::move(x.changes), io, x.right_now_ms);
  auto err = files.write(plan, io);
  count(store.name, io);
  if (err) {
    ++failures_;
    store.writing.note(text_of(err));
    report_counts();
    x.done(err);
    return;
  }
  store.writing.clear();
  store.appended = true;
  if (!store.listed && files.journal()) {
    ++stores_there_;
    store.listed = true;
  }
  session_applied applied{x.written + plan.changes.size(), files.info(), durability::ram};
  if (x.level == durability::disk) {
    applied.level = durability::disk;
    sync(store, [applied, done = std::move(x.done)](const caf::error& failure) {
      if (failure)
        done(failure);
      else
        done(applied);
    });
  } else {
    x.done(applied);
  }
  report_counts();
  compact_if_due(store);
}

// -- syncing -----------------------------------------------------------------------

void session_journal_state::sync(kept_store& store,
                                 const std::function<void(const caf::error&)>& done) {
  auto& file = store.files->journal();
  if (!file || !file->has_unsynced()) {
    done(caf::none);
    return;
  }
  // The kernel tells of a failure once, and of two at the same time one might not hear.
  if (store.syncs > 0) {
    store.next_syncs.push_back(done);
    return;
  }
  // Who is being synced cannot give its place away: of few places some must be free.
  if (syncs_open_ >= config_.open_stores_max / 2) {
    sync_here(store, done);
    return;
  }
  ++store.syncs;
  ++syncs_open_;
  ++open_;
  auto helper = syncers_.take();
  auto watched = sync_watch_.begin(self_, file->path());
  auto ended = [this, &store, helper, watched](const io_counts& io,
                                               const caf::error& err) {
    syncers_.give_back(self_, helper, err);
    sync_watch_.end(self_, watched);
    --store.syncs;
    --syncs_open_;
    --open_;
    count(store.name, io);
  };
  auto token = std::make_shared<sync_token>(file, claim_on(store));
  self_->request(helper, caf::infinite, atom::sync_v, file_handle{token})
    .then(
      [=, this, &store](const io_counts& io) {
        ended(io, caf::none);
        done(synced(store, *token));
        sync_next(store);
        report_counts();
        compact_if_due(store);
        finish_stop();
      },
      [=, this, &store](const caf::error& reason) {
        ended({}, reason);
        sync_failed(store, *token, reason);
        done(reason);
        sync_next(store);
        finish_stop();
      });
}

/// One more for all who came while one was under way.
void session_journal_state::sync_next(kept_store& store) {
  if (store.next_syncs.empty())
    return;
  auto done = [all = std::exchange(store.next_syncs, {})](const caf::error& err) {
    for (auto& each : all)
      each(err);
  };
  if (store.files)
    sync(store, done);
  else
    done(caf::make_error(ec::unavailable,
                         "the files of session store " + store.name + " were closed"));
}

void session_journal_state::sync_here(
  kept_store& store, const std::function<void(const caf::error&)>& done) {
  sync_token token{store.files->journal(), claim_on(store)};
  if (auto err = token.run()) {
    sync_failed(store, token, err);
    done(err);
    return;
  }
  io_counts io;
  io.syncs = 1;
  count(store.name, io);
  done(synced(store, token));
}

caf::error session_journal_state::synced(kept_store& store, sync_token& token) {
  if (auto err = token.settle(caf::none))
    return err;
  if (store.files && store.files->journal() == token.file())
    store.syncing.clear();
  return caf::none;
}

void session_journal_state::sync_failed(kept_store& store, sync_token& token,
                                        const caf::error& reason) {
  ++failures_;
  token.settle(reason);
  if (!store.files || store.files->journal() != token.file())
    return;
  store.suspect = true;
  store.syncing.note(text_of(reason));
  try_again_later(store);
}

} // namespace sluice
