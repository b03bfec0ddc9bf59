// SQL: queries, and writes that are answered after their commit. What is queued goes to
// queue_routes.cpp.
#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/queueing.hpp"
#include "app/http/router.hpp"

#include "actors/detail/json_input.hpp"
#include "actors/detail/sql_json.hpp"
#include "messages/answer_room.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::http {

namespace {

const database_actor& database(const edge& e) {
  return e.actors().actors.database;
}

/// Refuses SQL. What it would take is too large, and not the request (413).
auto refuse_sql(const exchange_ptr& x) {
  return [x](const caf::error& why) {
    auto status = why == ec::too_large ? 422u : status_of(code_of(why));
    x->reply(problem(status, to_string(code_of(why)), text_of(why)));
  };
}

// -- rows ---------------------------------------------------------------------------

/// How a client wants rows.
struct row_form {
  bool objects = false;
  json::integer_form integers = json::integer_form::number;
};

caf::expected<bool> read_choice(const request& in, std::string_view name,
                                std::string_view usual, std::string_view other) {
  auto word = query_reader{in.query}.text(name);
  if (!word)
    return word.error();
  if (!*word || **word == usual)
    return false;
  if (**word == other)
    return true;
  return invalid_argument('\'' + std::string{name} + "' is " + std::string{usual} + " or "
                          + std::string{other});
}

caf::expected<row_form> read_row_form(const request& in) {
  auto objects = read_choice(in, "rows", "arrays", "objects");
  if (!objects)
    return objects.error();
  auto strings = read_choice(in, "integers", "numbers", "strings");
  if (!strings)
    return strings.error();
  return row_form{*objects,
                  *strings ? json::integer_form::string : json::integer_form::number};
}

/// Names under which all columns find room in one object: the second `a` is `a:2`.
std::vector<std::string> distinct(const std::vector<std::string>& columns) {
  std::vector<std::string> result;
  result.reserve(columns.size());
  std::set<std::string_view> taken{columns.begin(), columns.end()};
  std::map<std::string_view, size_t> seen;
  for (const auto& column : columns) {
    auto& n = ++seen[column];
    auto name = column;
    while (n > 1 && taken.contains(name = column + ':' + std::to_string(n)))
      ++n;
    taken.insert(result.emplace_back(std::move(name)));
  }
  return result;
}

void write_object(json_writer& json, const std::vector<std::string>& names,
                  const sql_row& row, json::integer_form integers) {
  json.open_object();
  for (size_t i = 0; i < row.size() && i < names.size(); ++i)
    json.key(names[i]).appended(
      [&](std::string& out) { json::append_value(out, row[i], integers); });
  json.close_object();
}

/// Writes `"columns":[...],"rows":[...]`; stops early if it grows past `bytes_max`.
void write_rows(json_writer& json, const sql_result& x, row_form form, size_t bytes_max) {
  const auto columns = form.objects ? distinct(x.columns) : x.columns;
  json.key("columns").open_array();
  for (const auto& column : columns)
    json.value(column);
  json.close_array().key("rows").open_array();
  for (const auto& row : x.rows) {
    if (json.size() > bytes_max)
      break; // the answer is refused, whatever the rest is
    if (form.objects)
      write_object(json, columns, row, form.integers);
    else
      json.appended([&](std::string& out) { json::append_row(out, row, form.integers); });
  }
  json.close_array();
}

/// Writes the members that tell what one statement did.
void write_result(json_writer& json, const sql_result& x, row_form form,
                  size_t bytes_max) {
  json.member("changes", x.changes).key("lastInsertRowid").appended([&](auto& out) {
    json::append_value(out, x.last_insert_rowid, form.integers);
  });
  if (!x.columns.empty())
    write_rows(json, x, form, bytes_max);
}

// -- bodies ---------------------------------------------------------------------------

/// Reads a body. From then on what was made of it is paid for, and the text is gone.
template <class T>
caf::expected<T> take_body(request& in,
                           caf::expected<T> (*read)(const std::string&, credit)) {
  auto what = read(in.body, in.charge);
  if (const auto bytes = in.body.size(); what && bytes > small_answer_bytes_max) {
    in.body = {};
    in.charge.try_hold(in.charge.bytes() - std::min(bytes, in.charge.bytes()));
  }
  return what;
}

// -- queries --------------------------------------------------------------------------

void on_rows(const edge& e, exchange& x, const sql_result& result, row_form form) {
  json_writer json;
  json.open_object();
  write_rows(json, result, form, e.settings().max_response_bytes);
  x.reply(reply_text(e, json.close_object().take()));
}

void post_query(edge& e, const exchange_ptr& x) {
  auto statement = take_body(x->in, json::read_statement);
  if (!statement)
    return x->refuse(statement.error());
  auto form = read_row_form(x->in);
  if (!form)
    return x->refuse(form.error());
  statement->room = e.open_room(*x);
  e.request(database(e), caf::infinite, atom::query_v, std::move(*statement),
            sql_origin::user)
    .then(
      [&e, x, form = *form](const sql_result& result) { on_rows(e, *x, result, form); },
      refuse_sql(x));
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

using receipt_writer = void (*)(json_writer&, const sql_receipt&, row_form,
                                size_t bytes_max);

void write_execution(json_writer& json, const sql_receipt& x, row_form form,
                     size_t bytes_max) {
  if (!x.results.empty())
    write_result(json, x.results.front(), form, bytes_max);
}

void write_transaction(json_writer& json, const sql_receipt& x, row_form form,
                       size_t bytes_max) {
  json.key("results").open_array();
  for (const auto& result : x.results) {
    json.open_object();
    write_result(json, result, form, bytes_max);
    json.close_object();
  }
  json.close_array();
}

void write_batch(json_writer& json, const sql_receipt& x, row_form, size_t) {
  int64_t changes = 0;
  for (const auto& result : x.results)
    changes += result.changes;
  json.member("changes", changes);
}

/// Commits, and answers with what `describe` writes and the level; or queues.
void commit(edge& e, const exchange_ptr& x, sql_write what, receipt_writer describe) {
  auto form = read_row_form(x->in);
  if (!form)
    return x->refuse(form.error());
  auto queued = is_queued(x->in);
  if (!queued)
    return x->refuse(queued.error());
  if (*queued)
    return enqueue(e, x, std::move(what));
  auto level = read_level(x->in);
  if (!level)
    return x->refuse(level.error());
  what.room = e.open_room(*x);
  e.request(database(e), caf::infinite, atom::execute_v, std::move(what), *level)
    .then(
      [&e, x, describe, form = *form](const sql_receipt& receipt) {
        json_writer json;
        json.open_object();
        describe(json, receipt, form, e.settings().max_response_bytes);
        json.member("durability", to_string(receipt.level)).close_object();
        auto told = reply_text(e, json.take());
        told.on_room = claim::sure;
        x->reply(std::move(told));
      },
      refuse_sql(x));
}

void post_execute(edge& e, const exchange_ptr& x) {
  auto statement = take_body(x->in, json::read_statement);
  if (!statement)
    return x->refuse(statement.error());
  sql_write what;
  what.statements.push_back(std::move(*statement));
  commit(e, x, std::move(what), write_execution);
}

void post_transaction(edge& e, const exchange_ptr& x) {
  auto what = take_body(x->in, json::read_transaction);
  if (!what)
    return x->refuse(what.error());
  commit(e, x, std::move(*what), write_transaction);
}

void post_batch(edge& e, const exchange_ptr& x) {
  auto what = take_body(x->in, json::read_batch);
  if (!what)
    return x->refuse(what.error());
  commit(e, x, std::move(*what), write_batch);
}

} // namespace

std::span<const route> database_routes() {
  using enum verb;
  static constexpr parameter_names of_queries{"rows", "integers"};
  static constexpr parameter_names of_batches{"durability", "queue"};
  static constexpr parameter_names of_writes{"durability", "queue", "rows", "integers"};
  static constexpr route rows[] = {
    {post, "/v1/db/query", body_kind::json, post_query, of_queries},
    {post, "/v1/db/execute", body_kind::json, post_execute, of_writes},
    {post, "/v1/db/transaction", body_kind::json, post_transaction, of_writes},
    {post, "/v1/db/batch", body_kind::json, post_batch, of_batches},
  };
  return rows;
}

} // namespace sluice::http
