// Which stores have their files open, where there may be more stores than descriptors.
// The kernel tells of a write that it could not bring to the disk only whoever has the
// file open: so none is closed before it is synced, and syncs begin before places are
// short.

#include "actors/session/session_journal.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// Of stores that were closed, so many are known again.
constexpr size_t remembered_max = 4096;

/// Syncs that are begun for stores which are to be closed, at a time.
constexpr size_t syncs_ahead_max = 4;

/// Those that were found damaged, and set aside, are none.
bool has_files(const kept_store& x) {
  return x.files->journal() || x.files->snapshot_bytes() > 0;
}

/// Tells files apart: others have another hash, and so have these once they are changed.
uint64_t looks_of(const std::vector<file_state>& files) {
  uint64_t result = 1;
  for (auto& x : files)
    for (auto part :
         {uint64_t{x.absent()}, uint64_t{x.identity.device}, uint64_t{x.identity.inode},
          x.size, static_cast<uint64_t>(x.modified_ns)})
      result = (result ^ part) * 0x9E3779B97F4A7C15u + (result >> 29);
  return result;
}

} // namespace

/// Closes the stores that were used longest ago, until one more may be opened.
caf::error session_journal_state::make_place() {
  for (auto next = opened_.begin(); next != opened_.end();) {
    if (opened_.size() < config_.open_stores_max)
      break;
    auto* x = *next++;
    rest(*x);
  }
  if (opened_.size() >= config_.open_stores_max)
    return caf::make_error(ec::unavailable,
                           "all " + std::to_string(config_.open_stores_max)
                             + " session stores that may be open wait for the disk");
  sync_ahead();
  return caf::none;
}

/// Closes the store, unless something of it is not on disk and cannot be brought there.
bool session_journal_state::rest(kept_store& x) {
  if (!x.may_rest())
    return false;
  if (x.has_unsynced()) {
    sync_here(x, [this, &x](const caf::error& err) {
      if (err)
        write_anew(x);
    });
  }
  if (!x.may_rest())
    return false;
  auto& found = x.files->alerts();
  x.alerts.insert(x.alerts.end(), found.begin(), found.end());
  x.set_aside += x.files->set_aside();
  if (x.listed)
    remember_looks(x.name);
  shut(x);
  ++rested_;
  forget(x);
  return true;
}

/// So that it is told if somebody changes the files meanwhile.
void session_journal_state::remember_looks(const std::string& store) {
  looks_.insert_or_assign(store, looks_of(look_at_files(store)));
  closed_.use(store);
  if (closed_.size() > remembered_max)
    forget_looks(std::string{*closed_.begin()});
}

void session_journal_state::forget_looks(const std::string& store) {
  looks_.erase(store);
  closed_.forget(store);
}

/// So that whoever comes next has not to wait for a sync.
void session_journal_state::sync_ahead() {
  if (opened_.size() < config_.open_stores_max / 4 * 3)
    return;
  size_t looked_at = 0;
  for (auto* x : opened_) {
    if (looked_at++ == syncs_ahead_max)
      return;
    if (!x->may_rest() || !x->has_unsynced()
        || syncs_open_ >= config_.open_stores_max / 2)
      continue;
    sync_unasked(*x);
  }
}

/// One of which there is nothing to tell is as if it had never been opened.
void session_journal_state::forget(kept_store& x) {
  if (!x.had_trouble())
    stores_.erase(std::string{x.name});
}

void session_journal_state::compare_with_rested(const std::string& store, kept_store& x,
                                                const std::vector<file_state>& now) {
  auto place = looks_.find(store);
  if (place == looks_.end())
    return;
  auto before = place->second;
  forget_looks(store);
  if (before != looks_of(now))
    x.foreign.note("somebody removed or changed files of session store " + store + " in "
                   + config_.directory
                   + " while they were closed: what is there now counts");
}

/// Somebody took away all that there was of a store, perhaps while it was closed.
void session_journal_state::note_gone(const std::string& store) {
  if (!looks_.contains(store))
    return;
  compare_with_rested(store, stores_[store], look_at_files(store));
  stores_there_ -= std::min<uint64_t>(stores_there_, 1);
}

// -- listing -----------------------------------------------------------------------

caf::result<std::vector<session_store_info>> session_journal_state::stores() {
  auto all = names();
  if (!all)
    return std::move(all.error());
  std::vector<session_store_info> result;
  for (auto& store : *all)
    list_one(store, result);
  report_counts();
  return result;
}

caf::result<session_store_list> session_journal_state::stores(uint64_t max) {
  auto all = names();
  if (!all)
    return std::move(all.error());
  session_store_list result{{}, all->size()};
  auto read = io_.read_bytes;
  for (auto& store : *all) {
    if (result.stores.size() >= max || io_.read_bytes - read >= config_.list_bytes_max)
      break;
    list_one(store, result.stores);
  }
  report_counts();
  return result;
}

/// Of files that were there a moment ago nobody knows what they hold.
session_store_info session_journal_state::gone(const std::string& store) const {
  return {store, 0, 0, {}, in_.path_of(store) + ": its files were there, and are gone"};
}

void session_journal_state::list_one(const std::string& store,
                                     std::vector<session_store_info>& to) {
  auto& x = stores_[store];
  // One that was opened before it had files is what is there now.
  if (x.may_rest() && !has_files(x))
    shut(x);
  const auto in_use = x.files != nullptr;
  if (auto err = open(store, x)) {
    to.push_back({store, 0, 0, {}, text_of(err)});
    return;
  }
  auto info = x.files->info();
  if (!has_files(x) && x.files->set_aside() == 0)
    to.push_back(gone(store));
  else if (info.entries > 0 || !info.mark.spool_id.empty()
           || x.files->journal_growth() > 0)
    to.push_back(std::move(info));
  if (!in_use)
    rest(x);
}

// -- syncs that nobody asked for ---------------------------------------------------

/// What a failed one puts in doubt is written anew at once.
void session_journal_state::sync_unasked(kept_store& x) {
  sync(x, [this, &x](const caf::error& err) {
    if (err)
      write_anew(x);
  });
}

/// The spool knows whom to doubt if the service dies in a sync of it, or that fails, and
/// lets go of what is safe.
sync_claim session_journal_state::claim_on(const kept_store& x) const {
  const auto mark = x.files->info().mark;
  if (!config_.spool || mark.spool_id != config_.spool->id())
    return {};
  const auto lane = config_.spool->find_lane(lane_kind::session, x.name);
  if (lane == 0)
    return {};
  const auto released = config_.spool->state(lane).released;
  return claim_of(config_.spool, lane, {{}, released + 1, mark.seq});
}

} // namespace sluice
