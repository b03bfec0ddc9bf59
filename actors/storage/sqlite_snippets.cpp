// `snippet` and `highlight` of FTS5 take time that grows with the square of a document's
// matches, and cannot be stood in for: what makes them is not to be called from outside.
// A reader that runs one can be given up, and the writer cannot.
#include "actors/storage/sqlite_functions.hpp"

#include <sqlite3.h>

namespace sluice::sqlite {

int refuse_snippets(sqlite3* db) {
  sqlite3_stmt* ask = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &ask, nullptr) != SQLITE_OK)
    return SQLITE_OK; // this SQLite has no FTS5
  fts5_api* fts = nullptr;
  sqlite3_bind_pointer(ask, 1, &fts, "fts5_api_ptr", nullptr);
  sqlite3_step(ask);
  auto code = sqlite3_finalize(ask);
  if (fts == nullptr)
    return code;
  for (const auto* name : {"snippet", "highlight"})
    if (auto refused = fts->xCreateFunction(
          fts, name, nullptr,
          [](const Fts5ExtensionApi*, Fts5Context*, sqlite3_context* context, int,
             sqlite3_value**) {
            sqlite3_result_error(context,
                                 "snippet and highlight may only be used in a query", -1);
          },
          nullptr))
      return refused;
  return code;
}

} // namespace sluice::sqlite
