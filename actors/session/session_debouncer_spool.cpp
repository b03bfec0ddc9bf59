// What the debouncer has in the spool: each update before it is answered, and after a
// start everything that the session store may not have.

#include "actors/session/session_debouncer.hpp"
#include "actors/storage/set_aside.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace sluice {

// -- accepting ---------------------------------------------------------------------

caf::expected<durability> session_debouncer_state::keep(store_line& line,
                                                        std::vector<session_step>& steps,
                                                        durability at_least) {
  auto level = append(line, steps, at_least);
  if (level) {
    const auto in_spool = *level == durability::ram;
    for (auto& step : steps) {
      step.session.in_spool = in_spool;
      if (in_spool)
        step.session.charge = {};
    }
    return level;
  }
  const auto code = code_of(level.error());
  auto failing = [](const auto& x) { return x.second.failures > 0; };
  if (code == ec::overloaded && std::any_of(lines_.begin(), lines_.end(), failing))
    return caf::make_error(ec::disk_full,
                           std::string{"the spool is full, and sessions cannot be "
                                       "written"});
  if (code == ec::overloaded)
    make_room();
  return level;
}

caf::expected<durability>
session_debouncer_state::append(store_line& line, const std::vector<session_step>& steps,
                                durability at_least) {
  if (!line.lane)
    return coalesce::lane::decline(at_least);
  session_record_writer record;
  for (auto& [key, x, stored] : steps) {
    if (x.erased)
      record.add_delete(key, x.updated_at_ms);
    else
      record.add_document(key, x.updated_at_ms, x.document);
  }
  return line.lane.take(line.sessions.last_seq() + steps.size(), record, at_least,
                        self_->clock().now());
}

void session_debouncer_state::take(store_line& line, std::vector<session_step> steps,
                                   durability at_least, receipt_promise rp) {
  if (!steps.empty() && !has_place(line)) {
    rp.deliver(no_place());
    return;
  }
  if (auto err = steps.empty() ? caf::error{} : let_in(line)) {
    rp.deliver(std::move(err));
    return;
  }
  auto level = keep(line, steps, at_least);
  if (!level) {
    rp.deliver(level.error());
    return;
  }
  for (auto& [key, x, stored] : steps) {
    booked_.ask(line.sessions.name(), 1, bytes_of(key, x));
    count_coalesced(line.sessions.set(key, std::move(x), stored));
  }
  rp.deliver(session_receipt{line.sessions.last_seq(), *level});
  schedule(line);
}

/// What is written gives way in the spool.
void session_debouncer_state::make_room() {
  for (auto& [store, line] : lines_)
    if (!line.sessions.waiting().empty())
      launch(line);
}

bool session_debouncer_state::windows_suffice() const {
  return config_.adaptive && config_.spool && config_.spool->available()
         && config_.spool->has_room();
}

// -- taking up again ---------------------------------------------------------------

store_line& session_debouncer_state::open_line(const session_store_info& stored) {
  if (auto* known = find_line(stored.store))
    return *known;
  ++opened_;
  make_places(nullptr);
  auto& line = lines_.try_emplace(stored.store, stored, config_.grid).first->second;
  line.used = ++uses_;
  if (config_.spool) {
    line.lane = session_lane{config_.spool, config_.keeper, stored.store};
    auto in_store = line.lane.in_store(stored.mark);
    line.sessions.resume(line.lane.last_seq(stored.mark), in_store, line.lane.on_disk());
    line.lane.landed(in_store, durability::ram);
    if (line.lane.in_doubt())
      line.lane.take_back(in_store, line.sessions.last_seq());
    line.lane.look_after();
  } else {
    line.sessions.resume(number_floor_, number_floor_, 0);
    line.opened_seq = number_floor_;
    line.sessions.doubt_earlier();
  }
  line.restored = line.sessions.committed_seq() == line.sessions.last_seq();
  line.known = line.restored;
  return line;
}

void session_debouncer_state::take_up(const session_store_list& stores) {
  stores_elsewhere_ = stores.total;
  for (auto& x : stores.stores) {
    stores_elsewhere_ -= std::min<uint64_t>(stores_elsewhere_, 1);
    if (x.unreadable.empty())
      open_line(x);
    else
      note_unread(x.store, caf::make_error(ec::unavailable, x.unreadable));
  }
  for (auto& [store, line] : lines_) {
    auto err = restore(line);
    line.lane.end_replay();
    line.known = !err;
    if (err)
      note_unread(store, err);
  }
  take_up_spooled();
}

/// Of stores that were not among the first, whatever the spool has is taken up before
/// anybody is answered.
void session_debouncer_state::take_up_spooled() {
  auto missing = std::make_shared<size_t>(1);
  auto answered = [this, missing](const caf::error&) {
    if (--*missing == 0)
      totals_answered({});
  };
  auto taken_up = [answered] {
    answered({});
    return true;
  };
  for (auto& store : spooled_stores()) {
    if (unread_.contains(store) || find_line(store))
      continue;
    ++*missing;
    unread_[store].waiting.push_back({taken_up, answered});
    ask_store(store);
  }
  answered({});
}

std::vector<std::string> session_debouncer_state::spooled_stores() const {
  std::vector<std::string> result;
  if (config_.spool)
    for (auto lane : config_.spool->lanes())
      if (auto state = config_.spool->state(lane);
          state.kind == lane_kind::session && state.released < state.appended)
        result.push_back(std::move(state.name));
  return result;
}

uint64_t session_debouncer_state::not_taken_up() const {
  uint64_t sum = 0;
  for (auto& store : spooled_stores())
    sum += left_in_spool(store);
  return sum;
}

caf::error session_debouncer_state::restore(store_line& line) {
  auto& sessions = line.sessions;
  if (line.restored)
    return {};
  std::vector<session_change> changes;
  for (auto& record : line.lane.read(sessions.committed_seq())) {
    auto found = read_kept(line, record);
    if (!found)
      return std::move(found.error());
    std::move(found->begin(), found->end(), std::back_inserter(changes));
  }
  for (auto& change : changes) {
    auto x = make_unwritten(std::move(change.document), {});
    x.erased = change.erased;
    x.updated_at_ms = change.updated_at_ms;
    x.seq = change.seq;
    x.in_spool = true;
    const auto superseded = sessions.restore(change.key, std::move(x));
    count_coalesced(superseded && !config_.counted);
  }
  line.restored = true;
  // A sync lets the spool go of what came through a crash.
  line.waiters.push_back(
    {sessions.last_seq(), durability::disk, [](const caf::error&) {}, false});
  launch(line);
  return {};
}

caf::expected<std::vector<session_change>>
session_debouncer_state::read_kept(const store_line& line, const spool_record& record) {
  auto deaths = line.lane.begin_replay(record.last_seq);
  auto changes = read_session_record(record);
  if (changes && deaths < replay_deaths_max)
    return changes;
  auto reason = changes ? "the service died again and again while reading it"
                        : text_of(changes.error());
  auto& store = line.sessions.name();
  if (auto err = set_aside(config_.set_aside_directory, "store", store, record, reason,
                           config_.rights))
    return err;
  ++records_set_aside_;
  set_aside_.note("store " + store + ": record " + std::to_string(record.last_seq)
                  + " went to " + config_.set_aside_directory + "/" + set_aside_name
                  + ": " + reason);
  return std::vector<session_change>{};
}

} // namespace sluice
