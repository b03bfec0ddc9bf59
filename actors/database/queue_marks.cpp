#include "actors/database/queue_marks.hpp"

#include <cstdint>
#include <utility>

namespace sluice {

namespace {

/// Spools whose marks are kept: one is in use, and a service that ran without its spool
/// for a while may come back to it.
constexpr auto prune = "DELETE FROM sluice_queue "
                       "WHERE rowid <= (SELECT max(rowid) FROM sluice_queue) - 16";

/// Runs one of our own statements, and returns its first row.
caf::expected<sql_row> first_row(sqlite::connection& db, const char* sql,
                                 const sql_row& params) {
  auto x = db.prepare(sql, sql_origin::sluice);
  if (!x)
    return std::move(x.error());
  if (auto err = x->bind(params))
    return err;
  auto more = x->step();
  if (!more)
    return std::move(more.error());
  return *more ? x->row() : sql_row{};
}

std::string text_at(const sql_row& row, size_t column) {
  const auto* text =
    column < row.size() ? caf::get_if<std::string>(&row[column]) : nullptr;
  return text == nullptr ? std::string{} : *text;
}

caf::error make_table(sqlite::connection& db, queue_mark& mark) {
  auto id = first_row(db, "SELECT lower(hex(randomblob(8)))", {});
  if (!id)
    return std::move(id.error());
  mark.database = text_at(*id, 0);
  return db.run("CREATE TABLE IF NOT EXISTS sluice_queue("
                "spool TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, "
                "database TEXT NOT NULL)");
}

} // namespace

caf::expected<queue_mark> read_mark(sqlite::connection& db, const std::string& spool) {
  queue_mark mark{{}, spool, 0};
  auto table =
    first_row(db, "SELECT 1 FROM sqlite_schema WHERE name = 'sluice_queue'", {});
  if (!table)
    return std::move(table.error());
  if (table->empty())
    return mark;
  auto own = first_row(db, "SELECT database FROM sluice_queue LIMIT 1", {});
  if (!own)
    return std::move(own.error());
  mark.database = text_at(*own, 0);
  auto row = first_row(db, "SELECT seq FROM sluice_queue WHERE spool = ?", {spool});
  if (!row)
    return std::move(row.error());
  if (!row->empty())
    if (const auto* seq = caf::get_if<int64_t>(&row->front()))
      mark.seq = static_cast<uint64_t>(*seq);
  return mark;
}

caf::expected<std::vector<session_store_info>>
read_session_marks(sqlite::connection& db) {
  std::vector<session_store_info> result;
  auto table =
    first_row(db, "SELECT 1 FROM sqlite_schema WHERE name = 'sluice_session_marks'", {});
  if (!table)
    return std::move(table.error());
  if (table->empty())
    return result;
  auto x =
    db.prepare("SELECT store, spool, seq FROM sluice_session_marks", sql_origin::sluice);
  if (!x)
    return std::move(x.error());
  for (;;) {
    auto more = x->step();
    if (!more)
      return std::move(more.error());
    if (!*more)
      return result;
    auto row = x->row();
    const auto* seq = caf::get_if<int64_t>(&row[2]);
    session_mark mark{text_at(row, 1), seq ? static_cast<uint64_t>(*seq) : 0};
    result.push_back({text_at(row, 0), 0, 0, std::move(mark)});
  }
}

caf::error write_mark(sqlite::connection& db, queue_mark& mark) {
  if (mark.database.empty())
    if (auto err = make_table(db, mark))
      return err;
  auto written = first_row(db,
                           "INSERT INTO sluice_queue VALUES (?, ?, ?) "
                           "ON CONFLICT (spool) DO UPDATE SET seq = excluded.seq",
                           {mark.spool, static_cast<int64_t>(mark.seq), mark.database});
  return written ? db.run(prune) : std::move(written.error());
}

} // namespace sluice
