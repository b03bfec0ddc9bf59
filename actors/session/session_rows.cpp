#include "actors/session/session_rows.hpp"

#include "actors/session/session_sql.hpp"

namespace sluice {

namespace sql = session_sql;

// -- before the first request ------------------------------------------------------

void session_rows_state::prepare() {
  if (phase_ != unprepared || writes_ > 0)
    return;
  phase_ = preparing;
  sql_write write{sql::make_tables(), {}, sql_origin::sluice};
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
        for (auto& row : found.rows) {
          session_store_info x{sql::text(row[0]), sql::count(row[1]), sql::count(row[2])};
          if (row.size() > 4)
            x.mark = {sql::text(row[3]), sql::count(row[4])};
          set_info(x);
        }
        prepared({});
      },
      [this](const caf::error& err) { prepared(err); });
}

void session_rows_state::prepared(const caf::error& err) {
  phase_ = err ? unprepared : ready;
  for (auto& run : std::exchange(early_, {}))
    run(err);
}

void session_rows_state::write_ended() {
  --writes_;
  if (!early_.empty())
    prepare();
}

/// The database may hold less than it answered: it is counted before the next request.
void session_rows_state::on_recovered() {
  if (phase_ == ready)
    phase_ = unprepared;
}

// -- what is stored ----------------------------------------------------------------

caf::result<std::vector<session_store_info>> session_rows_state::stores() {
  using answer_type = std::vector<session_store_info>;
  return when_ready<answer_type>([this](const detail::owed<answer_type>& rp) {
    answer_type all;
    for (auto& [store, x] : stores_)
      all.push_back(x);
    answer(rp, std::move(all));
  });
}

caf::result<session_store_list> session_rows_state::stores(uint64_t max) {
  using promise = detail::owed<session_store_list>;
  return when_ready<session_store_list>([this, max](const promise& rp) {
    session_store_list result{{}, stores_.size()};
    for (auto& [store, x] : stores_) {
      if (result.stores.size() >= max)
        break;
      result.stores.push_back(x);
    }
    answer(rp, std::move(result));
  });
}

caf::result<session_store_info> session_rows_state::store(const std::string& wanted) {
  using promise = detail::owed<session_store_info>;
  return when_ready<session_store_info>(
    [this, wanted](const promise& rp) { answer(rp, info(wanted)); });
}

session_store_info session_rows_state::info(const std::string& store) const {
  auto found = stores_.find(store);
  return found == stores_.end() ? session_store_info{store, 0, 0} : found->second;
}

void session_rows_state::set_info(const session_store_info& x) {
  if (x.entries > 0 || !x.mark.spool_id.empty())
    stores_[x.store] = x;
  else
    stores_.erase(x.store);
}

// -- writing -----------------------------------------------------------------------

caf::result<session_applied> session_rows_state::apply(session_changes& x,
                                                       durability level) {
  using promise = detail::owed<session_applied>;
  return when_ready<session_applied>([this, x = std::move(x),
                                      level](const promise& rp) mutable {
    auto store = x.store;
    std::vector<size_change> sizes;
    for (auto& change : x.changes)
      sizes.push_back({change.erased, change.key.size() + change.document.size()});
    if (sizes.empty() && level != durability::disk) {
      answer(rp, session_applied{0, info(store), durability::ram});
      return;
    }
    auto mark = x.mark.spool_id.empty() ? info(store).mark : x.mark;
    auto statements = sql::changes(std::move(x));
    if (mark != info(store).mark)
      statements.push_back(sql::set_mark(store, mark));
    if (statements.empty())
      statements.push_back(sql::nothing());
    write(std::move(statements), level, rp,
          [this, rp, store, mark, sizes = std::move(sizes)](const sql_receipt& receipt) {
            auto before = info(store);
            before.mark = mark;
            answer(rp, applied(std::move(before), sizes, receipt));
          });
  });
}

session_applied session_rows_state::applied(session_store_info store,
                                            const std::vector<size_change>& changes,
                                            const sql_receipt& receipt) {
  session_applied result{0, std::move(store), receipt.level};
  for (size_t i = 0; i < changes.size() && 2 * i + 1 < receipt.results.size(); ++i) {
    if (receipt.results[2 * i + 1].changes == 0)
      continue;
    auto& before = receipt.results[2 * i].rows;
    ++result.written;
    if (!before.empty()) {
      --result.now.entries;
      result.now.bytes -= sql::count(before[0][0]);
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
  using promise = detail::owed<session_pruned>;
  return when_ready<session_pruned>([this, x = std::move(x)](const promise& rp) {
    auto dates = x.right_now_ms > 0;
    if (!x.enforce && !dates) {
      query(sql::excess(x), rp, [this, rp, store = x.store](sql_result& found) {
        session_pruned result{{}, info(store)};
        for (auto& row : found.rows)
          result.keys.push_back(sql::text(row[0]));
        answer(rp, std::move(result));
      });
      return;
    }
    std::vector<sql_statement> statements;
    if (dates)
      statements.push_back(sql::date_doubtful(x));
    statements.push_back(sql::excess(x));
    if (x.enforce)
      statements.push_back(sql::remove_excess(x));
    write(std::move(statements), durability::ram, rp,
          [this, rp, x](sql_receipt& receipt) { answer(rp, removed(x, receipt)); });
  });
}

session_pruned session_rows_state::removed(const session_prune& x, sql_receipt& receipt) {
  session_pruned result{{}, info(x.store)};
  const size_t named = x.right_now_ms > 0 ? 1 : 0;
  if (receipt.results.size() <= named)
    return result;
  auto& rows = receipt.results[named].rows;
  result.held = x.enforce && rows.size() > x.removes_max;
  for (auto& row : rows) {
    if (x.enforce && !result.held) {
      --result.now.entries;
      result.now.bytes -= sql::count(row[1]);
    }
    result.keys.push_back(sql::text(row[0]));
  }
  set_info(result.now);
  return result;
}

// -- numbers and the end -----------------------------------------------------------

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
  auto rp = detail::owe<stop_report>(self_);
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

session_rows_actor::behavior_type
session_rows(session_rows_actor::stateful_pointer<session_rows_state> self,
             database_actor database) {
  auto* st = &self->state;
  st->init(std::move(database));
  return {
    [st](atom::load, const std::string& store, const std::string& key) {
      return st->load(store, key);
    },
    [st](atom::load_all, const std::string& store) { return st->load_all(store); },
    [st](atom::stores) { return st->stores(); },
    [st](atom::stores, uint64_t max) { return st->stores(max); },
    [st](atom::stores, const std::string& store) { return st->store(store); },
    [st](atom::apply, session_changes& x, durability level) {
      return st->apply(x, level);
    },
    [st](atom::prune, session_prune& x) { return st->prune(x); },
    [st](atom::dump, const std::string& store) { return st->dump(store); },
    [st](atom::recover, const std::vector<session_store_info>&) { st->on_recovered(); },
    // -- every actor ---------------------------------------------------------------
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice
