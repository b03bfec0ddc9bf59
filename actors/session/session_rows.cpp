#include "actors/session/session_rows.hpp"

#include "actors/session/session_sql.hpp"

namespace sluice {

namespace sql = session_sql;

namespace {

int64_t integer(const sql_value& x) {
  auto value = caf::get_if<int64_t>(&x);
  return value ? *value : 0;
}

std::string text(sql_value& x) {
  auto value = caf::get_if<std::string>(&x);
  return value ? std::move(*value) : std::string{};
}

/// A number of the database's as a count, whatever is in the file.
uint64_t count(const sql_value& x) {
  auto value = integer(x);
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

std::vector<session_document> documents_of(sql_result& found) {
  std::vector<session_document> result;
  result.reserve(found.rows.size());
  for (auto& row : found.rows)
    result.push_back({text(row[0]), text(row[1])});
  return result;
}

caf::error stopping() {
  return caf::make_error(ec::stopping, "the session store is stopping");
}

} // namespace

// -- before the first request
// -------------------------------------------------------------

void session_rows_state::prepare() {
  if (phase_ != unprepared || writes_ > 0)
    return;
  phase_ = preparing;
  sql_write write{{sql::make_table()}, {}, sql_origin::sluice};
  self_
    ->request(database_, caf::infinite, atom::execute_v, std::move(write),
              durability::ram)
    .then([this](const sql_receipt&) { count_stores(); },
          [this](const caf::error& err) { prepared(err); });
}

void session_rows_state::count_stores() {
  self_
    ->request(database_, caf::infinite, atom::query_v, sql::count_stores(),
              sql_origin::sluice)
    .then(
      [this](sql_result& found) {
        stores_.clear();
        for (auto& row : found.rows)
          set_info({text(row[0]), count(row[1]), count(row[2])});
        prepared({});
      },
      [this](const caf::error& err) { prepared(err); });
}

void session_rows_state::prepared(const caf::error& err) {
  phase_ = err ? unprepared : ready;
  for (auto& run : std::exchange(early_, {}))
    run(err);
}

// -- asking the database
// ------------------------------------------------------------------

template <class Answer, class Value>
void session_rows_state::answer(caf::typed_response_promise<Answer> rp, Value value) {
  rp.deliver(std::move(value));
  --open_;
  finish_stop();
}

template <class Answer, class Run>
caf::result<Answer> session_rows_state::when_ready(Run run) {
  if (!stopping_.empty())
    return stopping();
  auto rp = self_->make_response_promise<Answer>();
  ++open_;
  if (phase_ == ready) {
    run(rp);
    return rp;
  }
  early_.push_back([this, rp, run = std::move(run)](const caf::error& err) mutable {
    if (err)
      answer(rp, err);
    else
      run(rp);
  });
  prepare();
  return rp;
}

template <class Answer, class Then>
void session_rows_state::query(sql_statement statement,
                               caf::typed_response_promise<Answer> rp, Then then) {
  self_
    ->request(database_, caf::infinite, atom::query_v, std::move(statement),
              sql_origin::sluice)
    .then([then = std::move(then)](sql_result& found) mutable { then(found); },
          [this, rp](caf::error& err) { answer(rp, std::move(err)); });
}

template <class Answer, class Then>
void session_rows_state::write(std::vector<sql_statement> statements, durability level,
                               caf::typed_response_promise<Answer> rp, Then then) {
  ++writes_;
  sql_write all{std::move(statements), {}, sql_origin::sluice};
  self_->request(database_, caf::infinite, atom::execute_v, std::move(all), level)
    .then(
      [this, then = std::move(then)](sql_receipt& receipt) mutable {
        then(receipt);
        write_ended();
      },
      [this, rp](caf::error& err) {
        // It may have been committed all the same: count again before anything else.
        if (phase_ == ready)
          phase_ = unprepared;
        answer(rp, std::move(err));
        write_ended();
      });
}

void session_rows_state::write_ended() {
  --writes_;
  if (!early_.empty())
    prepare();
}

// -- reading
// ------------------------------------------------------------------------------

caf::result<session_lookup> session_rows_state::load(const std::string& store,
                                                     const std::string& key) {
  using promise = caf::typed_response_promise<session_lookup>;
  return when_ready<session_lookup>([this, store, key](promise rp) {
    query(sql::find(store, key), rp, [this, rp](sql_result& found) {
      auto exists = !found.rows.empty() && !found.rows[0].empty();
      answer(rp, session_lookup{exists, exists ? text(found.rows[0][0]) : ""});
    });
  });
}

caf::result<std::vector<session_document>>
session_rows_state::load_all(const std::string& store) {
  using promise = caf::typed_response_promise<std::vector<session_document>>;
  return when_ready<std::vector<session_document>>([this, store](promise rp) {
    if (info(store).entries == 0)
      answer(rp, std::vector<session_document>{});
    else if (info(store).bytes <= sql::piece_bytes_max)
      query(sql::whole(store), rp,
            [this, rp](sql_result& found) { answer(rp, documents_of(found)); });
    else
      plan_reading({store, rp, {}, {}, {}});
  });
}

void session_rows_state::plan_reading(reading x) {
  auto rp = x.rp;
  auto plan = [this, x = std::move(x)](sql_result& found) mutable {
    int64_t piece = 0;
    for (auto row = found.rows.rbegin(); row != found.rows.rend(); ++row) {
      // From the last key to the first: each piece is known by the last of its keys.
      auto bytes = integer((*row)[1]);
      if (x.ends.empty() || piece + bytes > sql::piece_bytes_max) {
        x.ends.push_back(text((*row)[0]));
        piece = 0;
      }
      piece += bytes;
    }
    read_piece(std::move(x));
  };
  query(sql::sizes(x.store), rp, std::move(plan));
}

void session_rows_state::read_piece(reading x) {
  if (x.ends.empty()) {
    answer(x.rp, std::move(x.documents));
    return;
  }
  auto rp = x.rp;
  auto last = std::move(x.ends.back());
  x.ends.pop_back();
  auto after = std::exchange(x.after, last);
  auto statement = sql::piece(x.store, after, last);
  auto add = [this, x = std::move(x)](sql_result& found) mutable {
    for (auto& document : documents_of(found))
      x.documents.push_back(std::move(document));
    read_piece(std::move(x));
  };
  query(std::move(statement), rp, std::move(add));
}

caf::result<std::vector<session_store_info>> session_rows_state::stores() {
  using answer_type = std::vector<session_store_info>;
  return when_ready<answer_type>([this](caf::typed_response_promise<answer_type> rp) {
    answer_type all;
    for (auto& [store, x] : stores_)
      all.push_back(x);
    answer(rp, std::move(all));
  });
}

session_store_info session_rows_state::info(const std::string& store) const {
  auto found = stores_.find(store);
  return found == stores_.end() ? session_store_info{store, 0, 0} : found->second;
}

void session_rows_state::set_info(const session_store_info& x) {
  if (x.entries > 0)
    stores_[x.store] = x;
  else
    stores_.erase(x.store);
}

// -- writing
// ------------------------------------------------------------------------------

caf::result<session_applied> session_rows_state::apply(session_changes& x,
                                                       durability level) {
  using promise = caf::typed_response_promise<session_applied>;
  return when_ready<session_applied>([this, x = std::move(x), level](promise rp) mutable {
    auto store = x.store;
    std::vector<size_change> sizes;
    for (auto& change : x.changes)
      sizes.push_back({change.erased, change.key.size() + change.document.size()});
    if (sizes.empty() && level != durability::disk) {
      answer(rp, session_applied{0, info(store), durability::ram});
      return;
    }
    auto statements = sql::changes(std::move(x));
    if (statements.empty())
      statements.push_back(sql::nothing());
    write(std::move(statements), level, rp,
          [this, rp, store, sizes = std::move(sizes)](const sql_receipt& receipt) {
            answer(rp, applied(store, sizes, receipt));
          });
  });
}

session_applied session_rows_state::applied(const std::string& store,
                                            const std::vector<size_change>& changes,
                                            const sql_receipt& receipt) {
  session_applied result{0, info(store), receipt.level};
  for (size_t i = 0; i < changes.size() && 2 * i + 1 < receipt.results.size(); ++i) {
    if (receipt.results[2 * i + 1].changes == 0)
      continue;
    auto& before = receipt.results[2 * i].rows;
    ++result.written;
    if (!before.empty()) {
      --result.now.entries;
      result.now.bytes -= count(before[0][0]);
    }
    if (!changes[i].erased) {
      ++result.now.entries;
      result.now.bytes += changes[i].bytes;
    }
  }
  set_info(result.now);
  return result;
}

caf::result<session_pruned> session_rows_state::prune(session_prune& x) {
  using promise = caf::typed_response_promise<session_pruned>;
  return when_ready<session_pruned>([this, x = std::move(x)](promise rp) {
    if (!x.enforce) {
      query(sql::excess(x), rp, [this, rp, store = x.store](sql_result& found) {
        session_pruned result{{}, info(store)};
        for (auto& row : found.rows)
          result.keys.push_back(text(row[0]));
        answer(rp, std::move(result));
      });
      return;
    }
    write({sql::excess(x), sql::remove_excess(x)}, durability::ram, rp,
          [this, rp, store = x.store](sql_receipt& receipt) {
            answer(rp, removed(store, receipt.results.at(0)));
          });
  });
}

session_pruned session_rows_state::removed(const std::string& store, sql_result& found) {
  session_pruned result{{}, info(store)};
  for (auto& row : found.rows) {
    --result.now.entries;
    result.now.bytes -= count(row[1]);
    result.keys.push_back(text(row[0]));
  }
  set_info(result.now);
  return result;
}

// -- numbers and the end
// --------------------------------------------------------------------

status_report session_rows_state::status() const {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  for (auto& [store, x] : stores_) {
    entries += x.entries;
    bytes += x.bytes;
  }
  status_report report;
  report.name = name;
  report.state = {{"stores", static_cast<int64_t>(stores_.size())},
                  {"entries", static_cast<int64_t>(entries)},
                  {"storedBytes", static_cast<int64_t>(bytes)},
                  {"openRequests", static_cast<int64_t>(open_)}};
  return report;
}

caf::result<stop_report> session_rows_state::stop() {
  auto rp = self_->make_response_promise<stop_report>();
  stopping_.push_back(rp);
  finish_stop();
  return rp;
}

void session_rows_state::finish_stop() {
  if (stopping_.empty() || open_ > 0)
    return;
  for (auto& rp : stopping_)
    rp.deliver(stop_report{name, {}, 0, 0, {}});
  self_->quit();
}

session_store_actor::behavior_type
session_rows(session_store_actor::stateful_pointer<session_rows_state> self,
             database_actor database) {
  auto* st = &self->state;
  st->init(std::move(database));
  return {
    [st](atom::load, const std::string& store, const std::string& key) {
      return st->load(store, key);
    },
    [st](atom::load_all, const std::string& store) { return st->load_all(store); },
    [st](atom::stores) { return st->stores(); },
    [st](atom::apply, session_changes& x, durability level) {
      return st->apply(x, level);
    },
    [st](atom::prune, session_prune& x) { return st->prune(x); },
    // -- every actor ----------------------------------------------------------------
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
