// SQL: queries, writes that are answered after their commit, checkpoints, care. What is
// queued goes to queue_routes.cpp.
#include "app/http/answers.hpp"
#include "app/http/queueing.hpp"
#include "app/http/router.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>

namespace sluice::http {

namespace {

const database_actor& database(const edge& e) {
  return e.actors().actors.database;
}

// -- values -------------------------------------------------------------------------

struct value_writer {
  json_writer& json;

  void operator()(const sql_null&) const { json.null(); }
  void operator()(const sql_blob& x) const { json.blob(x.bytes); }
  template <class T>
  void operator()(const T& x) const {
    json.value(x);
  }
};

/// Writes `"columns":[...],"rows":[[...]]`; stops early if it grows past `bytes_max`.
void write_rows(json_writer& json, const sql_result& x, size_t bytes_max) {
  json.key("columns").open_array();
  for (const auto& column : x.columns)
    json.value(column);
  json.close_array().key("rows").open_array();
  for (const auto& row : x.rows) {
    if (json.size() > bytes_max)
      break; // the answer is refused, whatever the rest is
    json.open_array();
    for (const auto& cell : row)
      caf::visit(value_writer{json}, cell);
    json.close_array();
  }
  json.close_array();
}

/// Writes the members that tell what one statement did.
void write_result(json_writer& json, const sql_result& x, size_t bytes_max) {
  json.member("changes", x.changes).member("lastInsertRowid", x.last_insert_rowid);
  if (!x.columns.empty())
    write_rows(json, x, bytes_max);
}

// -- queries --------------------------------------------------------------------------

void on_rows(const edge& e, exchange& x, const sql_result& result) {
  json_writer json;
  json.open_object();
  write_rows(json, result, e.settings().max_response_bytes);
  x.reply(reply_text(e, json.close_object().take()));
}

void post_query(edge& e, const exchange_ptr& x) {
  auto statement = json::read_statement(x->in.body);
  if (!statement)
    return x->refuse(statement.error());
  e.request(database(e), caf::infinite, atom::query_v, std::move(*statement),
            sql_origin::user)
    .then([&e, x](const sql_result& result) { on_rows(e, *x, result); }, refuse(x));
}

// -- writes -----------------------------------------------------------------------------

/// Whether the write goes into the queue.
caf::expected<bool> is_queued(const request& in) {
  return query_reader{in.query}.flag("queue", false);
}

/// The level that a write asks for.
caf::expected<durability> read_level(const request& in) {
  auto level = wanted_level(in);
  if (!level)
    return level.error();
  // What is committed survives the process, whether that was asked for or not.
  return std::max(level->value_or(durability::ram), durability::ram);
}

using receipt_writer = void (*)(json_writer&, const sql_receipt&, size_t bytes_max);

void write_execution(json_writer& json, const sql_receipt& x, size_t bytes_max) {
  if (!x.results.empty())
    write_result(json, x.results.front(), bytes_max);
}

void write_transaction(json_writer& json, const sql_receipt& x, size_t bytes_max) {
  json.key("results").open_array();
  for (const auto& result : x.results) {
    json.open_object();
    write_result(json, result, bytes_max);
    json.close_object();
  }
  json.close_array();
}

void write_batch(json_writer& json, const sql_receipt& x, size_t) {
  int64_t changes = 0;
  for (const auto& result : x.results)
    changes += result.changes;
  json.member("changes", changes);
}

/// Commits, and answers with what `describe` writes and the level; or queues.
void commit(edge& e, const exchange_ptr& x, sql_write what, receipt_writer describe) {
  auto queued = is_queued(x->in);
  if (!queued)
    return x->refuse(queued.error());
  if (*queued)
    return enqueue(e, x, std::move(what));
  auto level = read_level(x->in);
  if (!level)
    return x->refuse(level.error());
  e.request(database(e), caf::infinite, atom::execute_v, std::move(what), *level)
    .then(
      [&e, x, describe](const sql_receipt& receipt) {
        json_writer json;
        json.open_object();
        describe(json, receipt, e.settings().max_response_bytes);
        json.member("durability", to_string(receipt.level)).close_object();
        x->reply(reply_text(e, json.take()));
      },
      refuse(x));
}

void post_execute(edge& e, const exchange_ptr& x) {
  auto statement = json::read_statement(x->in.body);
  if (!statement)
    return x->refuse(statement.error());
  sql_write what;
  what.statements.push_back(std::move(*statement));
  commit(e, x, std::move(what), write_execution);
}

void post_transaction(edge& e, const exchange_ptr& x) {
  auto what = json::read_transaction(x->in.body);
  if (!what)
    return x->refuse(what.error());
  commit(e, x, std::move(*what), write_transaction);
}

void post_batch(edge& e, const exchange_ptr& x) {
  auto what = json::read_batch(x->in.body);
  if (!what)
    return x->refuse(what.error());
  commit(e, x, std::move(*what), write_batch);
}

// -- care -------------------------------------------------------------------------------

void on_checkpoint(exchange& x, const checkpoint_report& report) {
  json_writer json;
  json.open_object()
    .member("busy", report.busy)
    .member("walFrames", report.wal_frames)
    .member("checkpointed", report.checkpointed)
    .member("walBytes", report.wal_bytes)
    .close_object();
  x.reply({200, json.take()});
}

void post_checkpoint(edge& e, const exchange_ptr& x) {
  auto mode = json::read_checkpoint(x->in.body);
  if (!mode)
    return x->refuse(mode.error());
  e.request(database(e), caf::infinite, atom::checkpoint_v, *mode)
    .then([x](const checkpoint_report& report) { on_checkpoint(*x, report); }, refuse(x));
}

void on_maintained(exchange& x, const maintenance_report& report) {
  json_writer json;
  json.open_object().member("ok", report.ok).key("errors").open_array();
  for (const auto& text : report.errors)
    json.value(text);
  x.reply({200, json.close_array().close_object().take()});
}

template <maintenance_kind Kind>
void post_maintenance(edge& e, const exchange_ptr& x) {
  e.request(database(e), caf::infinite, atom::maintain_v, Kind)
    .then([x](const maintenance_report& report) { on_maintained(*x, report); },
          refuse(x));
}

} // namespace

std::span<const route> database_routes() {
  using enum verb;
  using enum maintenance_kind;
  static constexpr parameter_names of_writes{"durability", "queue"};
  static constexpr route rows[] = {
    {post, "/v1/db/query", body_kind::json, post_query},
    {post, "/v1/db/execute", body_kind::json, post_execute, of_writes},
    {post, "/v1/db/transaction", body_kind::json, post_transaction, of_writes},
    {post, "/v1/db/batch", body_kind::json, post_batch, of_writes},
    {post, "/v1/db/checkpoint", body_kind::json, post_checkpoint},
    {post, "/v1/db/integrity-check", body_kind::none, post_maintenance<integrity_check>},
    {post, "/v1/db/analyze", body_kind::none, post_maintenance<analyze>},
    {post, "/v1/db/vacuum", body_kind::none, post_maintenance<vacuum>},
  };
  return rows;
}

} // namespace sluice::http
