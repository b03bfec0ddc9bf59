#include "actors/session/session_journal.hpp"

#include "actors/detail/names.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// How long files that cannot be read, and look as before, are let alone: by how long the
/// last try took, so that a large one does not keep the others waiting.
caf::timespan pause_after(caf::timespan took) {
  constexpr caf::timespan shortest = std::chrono::milliseconds{100};
  constexpr caf::timespan longest = std::chrono::seconds{10};
  constexpr int share = 20;
  return std::clamp(share * took, shortest, longest);
}

/// What cannot be read is no answer, whatever the reason.
caf::error cannot_read(const caf::error& why) {
  return caf::make_error(ec::unavailable, text_of(why));
}

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
  in_ = folder{config_.directory, config_.rights};
  metrics_ = std::move(metrics);
  learn_doubts();
  syncers_.configure(config_.make_syncer);
  compactors_.configure(config_.make_compactor);
}

// -- stores ------------------------------------------------------------------------

/// Learns which there are, before the first request.
caf::error session_journal_state::list() {
  if (listed_ && stopping_.empty())
    return caf::none;
  auto all = names();
  return all ? caf::error{} : std::move(all.error());
}

/// Which there are. Clients make them, so nobody remembers them all.
caf::expected<std::set<std::string>> session_journal_state::names() {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the session store is stopping");
  auto files = in_.names();
  if (!files) {
    listing_.note(text_of(files.error()));
    return cannot_read(files.error());
  }
  listing_.clear();
  std::set<std::string> result;
  for (auto& file : *files)
    if (auto store = store_of(file); !store.empty())
      result.insert(std::move(store));
  stores_there_ = result.size();
  listed_ = true;
  return result;
}

caf::error session_journal_state::open(const std::string& store, kept_store& x) {
  if (x.files) {
    opened_.use(&x);
    return caf::none;
  }
  auto began = self_->clock().now();
  auto seen = look_at_files(store);
  if (x.unreadable && seen == x.seen && began < x.read_again_at)
    return x.unreadable;
  if (auto err = make_place())
    return err;
  io_counts io;
  auto files =
    journal_store::open(in_, store, config_.identity_file, io, config_.file_bytes_max);
  count(store, io);
  if (!files) {
    auto ended = self_->clock().now();
    ++failures_;
    x.unreadable = cannot_read(files.error());
    x.seen = std::move(seen);
    x.read_again_at = ended + pause_after(ended - began);
    x.reading.note(text_of(x.unreadable));
    return x.unreadable;
  }
  compare_with_rested(store, x, seen);
  x.name = store;
  x.appended = false;
  x.files = std::move(*files);
  x.listed =
    std::any_of(seen.begin(), seen.end(), [](const auto& y) { return !y.absent(); });
  opened_.use(&x);
  if (auto doubted = doubted_.extract(store)) {
    x.suspect = true;
    x.files->believe(doubted.mapped());
  }
  x.unreadable = caf::none;
  x.reading.clear();
  return caf::none;
}

std::vector<file_state>
session_journal_state::look_at_files(const std::string& store) const {
  std::vector<file_state> result;
  for (auto& suffix : {journal_suffix, snapshot_suffix})
    for (auto& end : {std::string{}, beside_suffix})
      result.push_back(look_at(in_.path_of(store + suffix + end)));
  return result;
}

/// Before anybody begins a sync in this run.
void session_journal_state::learn_doubts() {
  if (!config_.spool)
    return;
  for (auto lane : config_.spool->lanes()) {
    auto state = config_.spool->state(lane);
    if (state.kind == lane_kind::session && state.doubt)
      doubted_[state.name] = {config_.spool->id(), state.released};
  }
}

void session_journal_state::shut(kept_store& x) {
  x.files.reset();
  opened_.forget(&x);
}

caf::expected<kept_store*> session_journal_state::find(const std::string& store) {
  if (auto err = list())
    return err;
  auto found = stores_.find(store);
  if (found == stores_.end()) {
    // Somebody may have put it there since, or have taken it away.
    auto there = exists(store);
    if (!there)
      return cannot_read(there.error());
    if (!*there) {
      note_gone(store);
      return nullptr;
    }
    found = stores_.try_emplace(store).first;
  }
  if (auto err = open(store, found->second))
    return err;
  return &found->second;
}

caf::expected<bool> session_journal_state::exists(const std::string& store) const {
  if (!detail::valid_name(store))
    return false;
  for (auto& suffix : {journal_suffix, snapshot_suffix}) {
    auto there = in_.find(store + suffix);
    if (!there)
      return std::move(there.error());
    if (*there)
      return true;
  }
  return false;
}

caf::error session_journal_state::judge(kept_store& x, const caf::error& problem) {
  if (!problem) {
    x.reading.clear();
    return caf::none;
  }
  x.reading.note(text_of(problem));
  return problem;
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
  if (auto err = judge(**found, document ? caf::error{} : document.error()))
    return err;
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
  if (auto err = judge(**found, all ? caf::error{} : all.error()))
    return err;
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
  if (auto err = judge(**found, all ? caf::error{} : all.error()))
    return err;
  result.reserve(all->changes.size());
  for (auto& x : all->changes)
    result.push_back({std::move(x.key), std::move(x.document)});
  return result;
}

caf::result<session_store_info> session_journal_state::info(const std::string& store) {
  auto found = find(store);
  if (!found)
    return std::move(found.error());
  return *found ? (*found)->files->info() : session_store_info{store};
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
    [st](atom::stores, uint64_t max) { return st->stores(max); },
    [st](atom::stores, const std::string& store) { return st->info(store); },
    [st](atom::apply, session_changes& x, durability level) {
      return st->apply(x, level);
    },
    [st](atom::prune, const session_prune& x) { return st->prune(x); },
    [st](atom::dump, const std::string& store) { return st->dump(store); },
    [st](atom::check, uint64_t generation) { st->on_check(generation); },
    [st](atom::retry, const std::string& store, uint64_t generation) {
      st->on_retry(store, generation);
    },
    // -- every actor ---------------------------------------------------------------
    [st](atom::collect) { return st->collect(); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
