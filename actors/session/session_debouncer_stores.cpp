// Reads and replacements of whole stores. One reading at a time serves all who wait;
// what is written meanwhile is laid over what it finds.

#include "actors/session/session_debouncer.hpp"
#include "actors/session/sessions_max.hpp"
#include "messages/answer_room.hpp"

#include <set>

namespace sluice {

namespace {

void lay_over(whole_store& store, const unwritten_sessions& newer) {
  for (auto& [key, x] : newer) {
    if (x.erased)
      store.erase(key);
    else
      store[key] = x.document;
  }
}

/// What a copy of all documents takes in memory.
size_t copied_bytes(const whole_store& store) {
  size_t sum = 0;
  for (const auto& [key, document] : store)
    sum += sizeof(session_document) + key.size() + document.size();
  return sum;
}

uint64_t total_bytes(const std::vector<session_document>& documents) {
  uint64_t sum = 0;
  for (auto& x : documents)
    sum += x.key.size() + x.document.size();
  return sum;
}

} // namespace

// -- reading -----------------------------------------------------------------------

caf::result<std::vector<session_document>>
session_debouncer_state::get_all(std::string& store, credit room) {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the service is stopping");
  auto rp = detail::owe<std::vector<session_document>>(self_);
  auto answer = [rp, room =
                       std::move(room)](const caf::expected<whole_store>& found) mutable {
    auto err = found ? hold_answer(room, copied_bytes(*found)) : found.error();
    if (err) {
      rp.deliver(std::move(err));
      return;
    }
    std::vector<session_document> documents;
    documents.reserve(found->size());
    for (auto& [key, document] : *found)
      documents.push_back({key, document});
    rp.deliver(std::move(documents));
  };
  auto run = [this, store, answer]() mutable {
    if (auto* line = find_line(store))
      read_whole(*line, answer);
    else
      answer(whole_store{});
    return true;
  };
  with_store(store, {run, [rp](const caf::error& err) mutable { rp.deliver(err); }});
  return rp;
}

void session_debouncer_state::read_whole(
  store_line& line, std::function<void(const caf::expected<whole_store>&)> then) {
  line.whole_waiters.push_back(std::move(then));
  if (line.whole_waiters.size() > 1)
    return;
  if (line.sessions.stored().entries == 0) {
    whole_read(line, std::vector<session_document>{});
    return;
  }
  self_->request(store_, caf::infinite, atom::load_all_v, line.sessions.name())
    .then([this, &line](
            std::vector<session_document>& found) { whole_read(line, std::move(found)); },
          [this, &line](const caf::error& err) { whole_read(line, unread(line, err)); });
}

void session_debouncer_state::whole_read(
  store_line& line, caf::expected<std::vector<session_document>> found) {
  auto meanwhile = std::exchange(line.written_meanwhile, {});
  caf::expected<whole_store> whole{whole_store{}};
  if (found) {
    for (auto& x : *found)
      whole->emplace_hint(whole->end(), std::move(x.key), std::move(x.document));
    for (auto& [key, document] : meanwhile) {
      if (document)
        (*whole)[key] = std::move(*document);
      else
        whole->erase(key);
    }
    lay_over(*whole, line.sessions.in_flight());
    lay_over(*whole, line.sessions.waiting());
  } else {
    whole = std::move(found.error());
  }
  for (auto& then : std::exchange(line.whole_waiters, {}))
    then(whole);
}

// -- replacing ---------------------------------------------------------------------

caf::result<session_receipt> session_debouncer_state::replace(session_replacement& x) {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the service is stopping");
  auto rp = detail::owe<session_receipt>(self_);
  auto refuse = [rp](const caf::error& err) mutable { rp.deliver(err); };
  auto store = x.store;
  auto begin = [this, x = std::move(x), rp, refuse]() mutable {
    auto& line = open_line({x.store});
    auto run = [this, &line, x = std::move(x), rp] {
      read_whole(line, [this, &line, x, rp](const caf::expected<whole_store>& now) {
        apply_replacement(line, x, now, rp);
      });
      return true;
    };
    admit_replacement(line, {std::move(run), refuse});
    return true;
  };
  with_store(store, {std::move(begin), refuse});
  return rp;
}

void session_debouncer_state::admit_replacement(store_line& line, held_request request) {
  if (line.replacing) {
    auto again = [this, &line, request] {
      admit_replacement(line, request);
      return true;
    };
    line.held.push_back({again, request.refuse});
    return;
  }
  line.replacing = true;
  line.replacement = std::move(request);
  if (line.loads.empty())
    begin_replacement(line);
}

void session_debouncer_state::begin_replacement(store_line& line) {
  auto request = std::exchange(line.replacement, {});
  request.run();
}

void session_debouncer_state::apply_replacement(store_line& line,
                                                const session_replacement& x,
                                                const caf::expected<whole_store>& now,
                                                receipt_promise rp) {
  if (!now) {
    rp.deliver(now.error());
  } else if (total_bytes(x.documents) > config_.max_store_bytes
             || x.documents.size() > sessions_max) {
    rp.deliver(store_full(x.store));
  } else {
    std::set<std::string_view> kept;
    std::vector<session_step> steps;
    for (auto& [key, document] : x.documents) {
      auto before = now->find(key);
      auto bytes = before == now->end() ? 0 : key.size() + before->second.size();
      steps.push_back({key, make_unwritten(document, x.charge), bytes});
      kept.insert(key);
    }
    for (auto& [key, document] : *now) {
      if (kept.contains(key))
        continue;
      auto gone = make_unwritten({}, {});
      gone.erased = true;
      steps.push_back({key, std::move(gone), key.size() + document.size()});
    }
    take(line, std::move(steps), x.at_least, rp);
  }
  end_replacement(line);
}

void session_debouncer_state::end_replacement(store_line& line) {
  line.replacing = false;
  for (auto& request : std::exchange(line.held, {}))
    request.run();
}

} // namespace sluice
