// The SESSION ROWS keep sessions as rows of the database. Only changed documents are
// written, one transaction a flush; how large each store is, is counted here from
// what the transactions answer, after one query at the start.
#pragma once

#include "actors/detail/owed.hpp"
#include "messages/database.hpp"
#include "messages/session_rows.hpp"

#include <caf/expected.hpp>
#include <caf/optional.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

class session_rows_state {
public:
  static inline const char* name = "session-rows";

  explicit session_rows_state(session_rows_actor::pointer self) : self_(self) {}

  void init(database_actor database) { database_ = std::move(database); }

  caf::result<session_lookup> load(const std::string& store, const std::string& key);
  caf::result<std::vector<session_document>> load_all(const std::string& store);
  caf::result<std::vector<session_store_info>> stores();
  caf::result<session_store_list> stores(uint64_t max);
  caf::result<session_store_info> store(const std::string& wanted);
  caf::result<session_applied> apply(session_changes& x, durability level);
  caf::result<session_pruned> prune(session_prune& x);
  caf::result<session_changes> dump(const std::string& store);
  void on_recovered();
  status_report status() const;
  caf::result<stop_report> stop();

private:
  /// A store that is being read in pieces, each small enough for one result.
  struct reading {
    std::string store;
    /// Gets all of them, or the error.
    std::function<void(caf::expected<std::vector<session_document>>)> done;
    std::vector<session_document> documents;
    /// The last key of each piece that is still to come, the next one last.
    std::vector<std::string> ends;
    /// The last key of the piece before: none is before the first, whatever its keys.
    caf::optional<std::string> after;
  };

  /// A change whose document is on its way to the database.
  struct size_change {
    bool erased = false;
    uint64_t bytes = 0;
  };

  /// Makes the table and counts what is in it, before the first request and after a
  /// write of which nobody knows whether it was committed; never while one is open.
  void prepare();
  void prepared(const caf::error& err);
  void count_stores();

  /// Runs `then` once the stores are counted.
  template <class Answer, class Run>
  caf::result<Answer> when_ready(Run run);

  /// Asks the database; `then` gets a result, `rp` an error.
  template <class Answer, class Then>
  void query(sql_statement statement, detail::owed<Answer> rp, Then then);
  template <class Answer, class Then>
  void write(std::vector<sql_statement> statements, durability level,
             detail::owed<Answer> rp, Then then);

  void write_ended();
  void read_all(reading x);
  void plan_reading(reading x);
  void read_piece(reading x);
  /// Asks the database on behalf of a reading, which gets the error.
  template <class Then>
  void query_for(reading x, sql_statement statement, Then then);
  /// @param store as it was before, but for the mark.
  session_applied applied(session_store_info store,
                          const std::vector<size_change>& changes,
                          const sql_receipt& receipt);
  session_pruned removed(const session_prune& x, sql_receipt& receipt);
  session_store_info info(const std::string& store) const;
  void set_info(const session_store_info& x);

  template <class Answer, class Value>
  void answer(detail::owed<Answer> rp, Value value);
  void finish_stop();

  session_rows_actor::pointer self_;
  database_actor database_;
  /// Stores that have keys, or a mark.
  std::map<std::string, session_store_info, std::less<>> stores_;

  enum { unprepared, preparing, ready } phase_ = unprepared;
  /// Requests that wait until all is counted, or for the error that kept it from it.
  std::vector<std::function<void(const caf::error&)>> early_;
  /// Requests that are not answered yet, and writes that are with the database.
  uint64_t open_ = 0;
  uint64_t writes_ = 0;
  std::vector<detail::owed<stop_report>> stopping_;
};

/// Starts the session store that keeps rows.
session_rows_actor::behavior_type
session_rows(session_rows_actor::stateful_pointer<session_rows_state> self,
             database_actor database);

// -- implementation ----------------------------------------------------------------

template <class Answer, class Value>
void session_rows_state::answer(detail::owed<Answer> rp, Value value) {
  rp.deliver(std::move(value));
  --open_;
  finish_stop();
}

template <class Answer, class Run>
caf::result<Answer> session_rows_state::when_ready(Run run) {
  if (!stopping_.empty())
    return caf::make_error(ec::stopping, "the session store is stopping");
  auto rp = detail::owe<Answer>(self_);
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
void session_rows_state::query(sql_statement statement, detail::owed<Answer> rp,
                               Then then) {
  self_
    ->request(database_, caf::infinite, atom::query_v, std::move(statement),
              sql_origin::sluice)
    .then([then = std::move(then)](sql_result& found) mutable { then(found); },
          [this, rp](caf::error& err) { answer(rp, std::move(err)); });
}

template <class Answer, class Then>
void session_rows_state::write(std::vector<sql_statement> statements, durability level,
                               detail::owed<Answer> rp, Then then) {
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

} // namespace sluice
