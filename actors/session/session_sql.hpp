// The tables of sessions and of their stores' marks, and the SQL that Sluice itself runs
// on them.
//
// A rowid table with a unique index, not one WITHOUT ROWID: a document of 1 KB is too
// long for an index cell and would take a page of its own beside the row's, 2.2 pages
// of WAL an update instead of 1.1 (500 sessions, 10 of them changed a transaction).
// The document stands last, so that reading what is before it reads no overflow page;
// `bytes` counts key and document, so that no store has to be read to be measured.
#pragma once

#include "messages/session_store.hpp"
#include "messages/sql.hpp"

#include <string>
#include <vector>

namespace sluice::session_sql {

/// Bytes of documents that one query returns at most, a larger single one apart.
constexpr int64_t piece_bytes_max = int64_t{4} * 1024 * 1024;

std::vector<sql_statement> make_tables();

/// Rows of store, entries, bytes, and spool and number of its mark, if it has one.
sql_statement count_stores();

/// A row of the document, or none.
sql_statement find(const std::string& store, const std::string& key);

/// Rows of key, document; ordered by key.
sql_statement whole(const std::string& store);

/// Rows of key, bytes; ordered by key.
sql_statement sizes(const std::string& store);

/// Rows of key, document; ordered by key, up to `last`.
sql_statement first_piece(const std::string& store, const std::string& last);

/// The same, from behind `after` up to `last`.
sql_statement piece(const std::string& store, const std::string& after,
                    const std::string& last);

/// Rows of key, time of the last update; ordered by key.
sql_statement times(const std::string& store);

/// Notes a store's mark.
sql_statement set_mark(const std::string& store, const session_mark& mark);

/// Changes nothing. In a synced commit it stands for what was committed before.
sql_statement nothing();

/// Two statements a change: the bytes before, a row or none; and the change itself.
std::vector<sql_statement> changes(session_changes x);

/// Rows of key, bytes: what is too old or too many, oldest first.
sql_statement excess(const session_prune& x);

/// Deletes the same, unless they are more than may be removed.
sql_statement remove_excess(const session_prune& x);

/// Gives what has a doubtful time the right one, or so much less that they keep their
/// order.
sql_statement date_doubtful(const session_prune& x);

// -- values ------------------------------------------------------------------------

/// A number, or 0 for what is none.
int64_t integer(const sql_value& x);

/// A number as a count: never below 0, whatever is in the file.
uint64_t count(const sql_value& x);

/// A text, moved out; or nothing for what is none.
std::string text(sql_value& x);

} // namespace sluice::session_sql
