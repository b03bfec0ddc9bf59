// How documents are read from the rows: one, or a whole store in pieces that are each
// small enough for one result.

#include "actors/detail/json_input.hpp"
#include "actors/session/session_rows.hpp"
#include "actors/session/session_sql.hpp"

namespace sluice {

namespace sql = session_sql;

namespace {

/// A row that somebody else changed to hold something else than a JSON object is no empty
/// document: nobody knows what it was.
caf::error check_row(const std::string& store, const std::string& key,
                     const std::string& document) {
  auto err = json::check_object(document);
  return err ? caf::make_error(ec::unavailable,
                               "the row of session " + key + " of store " + store
                                 + " in sluice_sessions is no document: " + text_of(err))
             : err;
}

caf::expected<std::vector<session_document>> documents_of(const std::string& store,
                                                          sql_result& found) {
  std::vector<session_document> result;
  result.reserve(found.rows.size());
  for (auto& row : found.rows) {
    auto& x = result.emplace_back(session_document{sql::text(row[0]), sql::text(row[1])});
    if (auto err = check_row(store, x.key, x.document))
      return err;
  }
  return result;
}

} // namespace

caf::result<session_lookup> session_rows_state::load(const std::string& store,
                                                     const std::string& key) {
  using promise = detail::owed<session_lookup>;
  return when_ready<session_lookup>([this, store, key](const promise& rp) {
    query(sql::find(store, key), rp, [this, rp, store, key](sql_result& found) {
      if (found.rows.empty() || found.rows[0].empty()) {
        answer(rp, session_lookup{});
        return;
      }
      auto document = sql::text(found.rows[0][0]);
      if (auto err = check_row(store, key, document))
        answer(rp, err);
      else
        answer(rp, session_lookup{true, std::move(document)});
    });
  });
}

caf::result<std::vector<session_document>>
session_rows_state::load_all(const std::string& store) {
  using promise = detail::owed<std::vector<session_document>>;
  return when_ready<std::vector<session_document>>([this, store](const promise& rp) {
    auto done = [this, rp](caf::expected<std::vector<session_document>> all) {
      if (all)
        answer(rp, std::move(*all));
      else
        answer(rp, std::move(all.error()));
    };
    read_all({store, done, {}, {}, {}});
  });
}

caf::result<session_changes> session_rows_state::dump(const std::string& store) {
  using promise = detail::owed<session_changes>;
  return when_ready<session_changes>([this, store](const promise& rp) {
    auto add_times = [this, rp, store](caf::expected<std::vector<session_document>> all) {
      if (!all) {
        answer(rp, std::move(all.error()));
        return;
      }
      query(sql::times(store), rp,
            [this, rp, store, documents = std::move(*all)](sql_result& found) mutable {
              session_changes result{store, {}, info(store).mark};
              for (size_t i = 0; i < documents.size() && i < found.rows.size(); ++i)
                result.changes.push_back({std::move(documents[i].key), false,
                                          std::move(documents[i].document),
                                          sql::integer(found.rows[i][1]), 0});
              answer(rp, std::move(result));
            });
    };
    read_all({store, add_times, {}, {}, {}});
  });
}

template <class Then>
void session_rows_state::query_for(reading x, sql_statement statement, Then then) {
  auto done = x.done;
  self_
    ->request(database_, caf::infinite, atom::query_v, std::move(statement),
              sql_origin::sluice)
    .then([x = std::move(x), then](sql_result& found) mutable { then(x, found); },
          [done](caf::error& err) { done(std::move(err)); });
}

void session_rows_state::read_all(reading x) {
  auto known = info(x.store);
  if (known.entries == 0) {
    x.done(std::vector<session_document>{});
  } else if (known.bytes <= sql::piece_bytes_max) {
    auto statement = sql::whole(x.store);
    query_for(std::move(x), std::move(statement), [](reading& all, sql_result& found) {
      all.done(documents_of(all.store, found));
    });
  } else {
    plan_reading(std::move(x));
  }
}

void session_rows_state::plan_reading(reading x) {
  auto statement = sql::sizes(x.store);
  query_for(std::move(x), std::move(statement), [this](reading& all, sql_result& found) {
    int64_t piece = 0;
    for (auto row = found.rows.rbegin(); row != found.rows.rend(); ++row) {
      // From the last key to the first: each piece is known by the last of its keys.
      auto bytes = sql::integer((*row)[1]);
      if (all.ends.empty() || piece + bytes > sql::piece_bytes_max) {
        all.ends.push_back(sql::text((*row)[0]));
        piece = 0;
      }
      piece += bytes;
    }
    read_piece(std::move(all));
  });
}

void session_rows_state::read_piece(reading x) {
  if (x.ends.empty()) {
    x.done(std::move(x.documents));
    return;
  }
  auto last = std::move(x.ends.back());
  x.ends.pop_back();
  auto statement =
    x.after ? sql::piece(x.store, *x.after, last) : sql::first_piece(x.store, last);
  x.after = std::move(last);
  query_for(std::move(x), std::move(statement), [this](reading& all, sql_result& found) {
    auto piece = documents_of(all.store, found);
    if (!piece) {
      all.done(std::move(piece.error()));
      return;
    }
    for (auto& document : *piece)
      all.documents.push_back(std::move(document));
    read_piece(std::move(all));
  });
}

} // namespace sluice
