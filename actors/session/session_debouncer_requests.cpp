// Updates and reads of single sessions: who is handled at once, who waits for whom,
// and what an update does.

#include "actors/session/merge_patch.hpp"
#include "actors/session/session_debouncer.hpp"
#include "actors/session/sessions_max.hpp"
#include "messages/answer_room.hpp"

namespace sluice {

namespace {

caf::error not_found(const std::string& store, const std::string& key) {
  return caf::make_error(ec::not_found, "no session " + key + " in store " + store);
}

} // namespace

// -- admission ---------------------------------------------------------------------

void session_debouncer_state::with_totals(held_request request) {
  if (totals_known_) {
    request.run();
    return;
  }
  early_.push_back(std::move(request));
  ask_totals();
}

void session_debouncer_state::ask_totals() {
  if (asking_totals_)
    return;
  asking_totals_ = true;
  self_->request(store_, caf::infinite, atom::stores_v, config_.max_stores / 4 * 3)
    .then([this](const session_store_list& stores) { take_up(stores); },
          [this](const caf::error& err) { totals_answered(err); });
}

void session_debouncer_state::totals_answered(const caf::error& err) {
  asking_totals_ = false;
  totals_known_ = !err;
  for (auto& request : std::exchange(early_, {})) {
    if (err)
      request.refuse(err);
    else
      request.run();
  }
  // Whoever comes next asks again; what is in the spool does not wait for that.
  if (err && config_.spool)
    totals_retry_.open<atom::retry>(self_, totals_pause_.next(), std::string{});
}

void session_debouncer_state::admit(store_line& line, const std::string& key,
                                    held_request request) {
  if (line.replacing) {
    auto again = [this, &line, key, request] {
      admit(line, key, request);
      return true;
    };
    line.held.push_back({again, request.refuse});
  } else if (auto place = line.loads.find(key); place != line.loads.end()) {
    place->second.push_back(std::move(request));
  } else if (!request.run()) {
    line.loads[key].push_back(std::move(request));
    load(line, key);
  }
}

template <class Answer, class Run>
caf::result<Answer> session_debouncer_state::key_request(const std::string& store,
                                                         const std::string& key,
                                                         bool opens, Run run) {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the service is stopping");
  auto rp = detail::owe<Answer>(self_);
  auto refuse = [rp](const caf::error& err) mutable { rp.deliver(err); };
  auto begin = [=, this, run = std::move(run)]() mutable {
    auto* line = opens ? &open_line({store}) : find_line(store);
    held_request request{[=, run = std::move(run)]() mutable { return run(line, rp); },
                         refuse};
    if (line)
      admit(*line, key, std::move(request));
    else
      request.run();
    return true;
  };
  with_store(store, {std::move(begin), refuse});
  return rp;
}

store_line* session_debouncer_state::find_line(const std::string& store) {
  auto place = lines_.find(store);
  return place == lines_.end() ? nullptr : &place->second;
}

void session_debouncer_state::refuse_held(const caf::error& err) {
  auto refuse = [&err](std::vector<held_request>& requests) {
    for (auto& request : std::exchange(requests, {}))
      request.refuse(err);
  };
  refuse(early_);
  for (auto& [store, unread] : unread_)
    refuse(unread.waiting);
  for (auto& [store, line] : lines_) {
    refuse(line.held);
    answer_pruners(std::exchange(line.pruners, {}), err);
    for (auto& [key, requests] : std::exchange(line.loads, {}))
      refuse(requests);
    if (auto request = std::exchange(line.replacement, {}); request.refuse)
      request.refuse(err);
    for (auto& done : std::exchange(line.whole_waiters, {}))
      done(err);
  }
}

// -- what is known -----------------------------------------------------------------

session_debouncer_state::knowledge
session_debouncer_state::look_up(store_line* line, const std::string& key) {
  knowledge result;
  auto found = [&](const std::string& document, bool in_memory) {
    result.state = knowledge::present;
    result.document = &document;
    result.in_memory = in_memory;
    result.stored_bytes = key.size() + document.size();
  };
  auto absent = [&](bool in_memory) {
    result.state = knowledge::absent;
    result.in_memory = in_memory;
    result.stored_bytes = 0u;
  };
  if (!line) {
    absent(false);
    return result;
  }
  if (auto* unwritten = line->sessions.find(key))
    unwritten->erased ? absent(true) : found(unwritten->document, true);
  else if (loaded_ && !*loaded_)
    result.state = knowledge::failed;
  else if (loaded_)
    (*loaded_)->exists ? found((*loaded_)->document, false) : absent(false);
  else if (auto* cached = cache_.find(line->sessions.name(), key, self_->clock().now()))
    found(*cached, true);
  else if (line->sessions.stored().entries == 0)
    absent(false);
  return result;
}

void session_debouncer_state::load(store_line& line, const std::string& key) {
  auto prunes = line.prunes;
  self_->request(store_, caf::infinite, atom::load_v, line.sessions.name(), key)
    .then(
      [this, &line, key, prunes](session_lookup& found) {
        if (found.exists && prunes == line.prunes)
          cache_.put(line.sessions.name(), key, found.document, self_->clock().now());
        loaded(line, key, std::move(found));
      },
      [this, &line, key](const caf::error& err) {
        loaded(line, key, unread(line, err));
      });
}

void session_debouncer_state::loaded(store_line& line, const std::string& key,
                                     const caf::expected<session_lookup>& found) {
  auto requests = line.loads.extract(key);
  if (requests.empty())
    return;
  loaded_ = &found;
  for (auto& request : requests.mapped())
    request.run();
  loaded_ = nullptr;
  if (line.replacement.run && line.loads.empty())
    begin_replacement(line);
}

// -- requests ----------------------------------------------------------------------

caf::result<session_receipt> session_debouncer_state::put(session_update& x) {
  auto run = [this, key = x.key, at_least = x.at_least,
              fresh = make_unwritten(std::move(x.document), std::move(x.charge))](
               store_line* line, receipt_promise rp) mutable {
    return update(*line, key, fresh, look_up(line, key), at_least, std::move(rp));
  };
  return key_request<session_receipt>(x.store, x.key, true, std::move(run));
}

caf::result<session_receipt> session_debouncer_state::patch(session_update& x) {
  auto run = [this, key = x.key, at_least = x.at_least,
              fresh = make_unwritten(std::move(x.document), std::move(x.charge))](
               store_line* line, receipt_promise rp) mutable {
    auto now = look_up(line, key);
    if (now.state == knowledge::unknown)
      return false;
    const auto absent = now.state == knowledge::absent;
    auto merged = now.state == knowledge::failed
                    ? caf::expected<std::string>{loaded_->error()}
                    : try_merge_patch(absent ? "{}" : std::string_view{*now.document},
                                      fresh.document, fresh.charge);
    if (!merged) {
      rp.deliver(std::move(merged.error()));
      return true;
    }
    fresh.document = std::move(*merged);
    return update(*line, key, fresh, now, at_least, rp);
  };
  return key_request<session_receipt>(x.store, x.key, true, std::move(run));
}

caf::result<session_receipt> session_debouncer_state::erase(std::string& store,
                                                            std::string& key,
                                                            durability at_least) {
  auto run = [this, store, key, at_least](store_line* line, receipt_promise rp) {
    auto now = look_up(line, key);
    if (now.state == knowledge::unknown)
      return false;
    if (now.state == knowledge::failed) {
      rp.deliver(loaded_->error());
    } else if (now.state == knowledge::absent) {
      rp.deliver(not_found(store, key));
    } else {
      auto gone = make_unwritten({}, {});
      gone.erased = true;
      update(*line, key, gone, now, at_least, rp);
    }
    return true;
  };
  return key_request<session_receipt>(store, key, false, std::move(run));
}

caf::result<std::string> session_debouncer_state::get(std::string& store,
                                                      std::string& key, credit room) {
  auto run = [this, store, key, room = std::move(room)](store_line* line,
                                                        detail::owed<std::string> rp) {
    auto now = look_up(line, key);
    if (now.state == knowledge::unknown)
      return false;
    auto& totals = *config_.totals;
    ++(now.in_memory ? totals.cache_hits : totals.cache_misses);
    ++(now.in_memory ? untold_.cache_hits : untold_.cache_misses);
    if (now.state != knowledge::present)
      rp.deliver(now.state == knowledge::failed ? loaded_->error()
                                                : not_found(store, key));
    else if (auto err = hold_answer(room, now.document->size()))
      rp.deliver(std::move(err));
    else
      rp.deliver(*now.document);
    return true;
  };
  return key_request<std::string>(store, key, false, std::move(run));
}

// -- updates -----------------------------------------------------------------------

unwritten_session session_debouncer_state::make_unwritten(std::string document,
                                                          credit charge) {
  unwritten_session result;
  result.document = std::move(document);
  auto now_ms = config_.wall_now_ms();
  result.updated_at_ms = clock_.is_trusted() ? now_ms : doubtful_ms(now_ms);
  result.since = self_->clock().now();
  result.charge = std::move(charge);
  return result;
}

caf::error session_debouncer_state::store_full(const std::string& store) const {
  return caf::make_error(ec::disk_full,
                         "store " + store + " is at its limit, session.max-store-bytes="
                           + std::to_string(config_.max_store_bytes) + " and "
                           + std::to_string(sessions_max) + " sessions");
}

bool session_debouncer_state::update(store_line& line, const std::string& key,
                                     unwritten_session& x, const knowledge& now,
                                     durability at_least, receipt_promise rp) {
  auto grows = line.sessions.growth(key, bytes_of(key, x), now.stored_bytes);
  auto bytes = static_cast<int64_t>(line.sessions.projected_bytes()) + grows;
  const auto too_large = bytes > static_cast<int64_t>(config_.max_store_bytes);
  const auto too_many = line.sessions.stored().entries >= sessions_max;
  if (grows > 0 && (too_large || too_many)) {
    // What it replaces may be as large: the store is asked only here, near the limit.
    if (now.state == knowledge::unknown)
      return false;
    if (too_large || now.state != knowledge::present) {
      rp.deliver(store_full(line.sessions.name()));
      return true;
    }
  }
  std::vector<session_step> one;
  one.push_back({key, std::move(x), now.stored_bytes});
  take(line, std::move(one), at_least, rp);
  return true;
}

void session_debouncer_state::count_coalesced(bool superseded) {
  const uint64_t one = superseded ? 1 : 0;
  config_.totals->total_coalesced += one;
  untold_.session_coalesced += one;
}

} // namespace sluice
