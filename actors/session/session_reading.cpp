// How documents are read from the rows: one, or a whole store in pieces that are each
// small enough for one result.

#include "actors/session/session_rows.hpp"
#include "actors/session/session_sql.hpp"

namespace sluice {

namespace sql = session_sql;

namespace {

std::vector<session_document> documents_of(sql_result& found) {
  std::vector<session_document> result;
  result.reserve(found.rows.size());
  for (auto& row : found.rows)
    result.push_back({sql::text(row[0]), sql::text(row[1])});
  return result;
}

} // namespace

caf::result<session_lookup> session_rows_state::load(const std::string& store,
                                                     const std::string& key) {
  using promise = caf::typed_response_promise<session_lookup>;
  return when_ready<session_lookup>([this, store, key](promise rp) {
    query(sql::find(store, key), rp, [this, rp](sql_result& found) {
      auto exists = !found.rows.empty() && !found.rows[0].empty();
      answer(rp, session_lookup{exists, exists ? sql::text(found.rows[0][0]) : ""});
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
  auto statement = sql::sizes(x.store);
  auto plan = [this, x = std::move(x)](sql_result& found) mutable {
    int64_t piece = 0;
    for (auto row = found.rows.rbegin(); row != found.rows.rend(); ++row) {
      // From the last key to the first: each piece is known by the last of its keys.
      auto bytes = sql::integer((*row)[1]);
      if (x.ends.empty() || piece + bytes > sql::piece_bytes_max) {
        x.ends.push_back(sql::text((*row)[0]));
        piece = 0;
      }
      piece += bytes;
    }
    read_piece(std::move(x));
  };
  query(std::move(statement), rp, std::move(plan));
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

} // namespace sluice
