# SQLite, with nothing of it in the headers: the one library that links it.
add_library(sluice_sqlite STATIC
  sqlite_authorizer.cpp
  sqlite_bounds.cpp
  sqlite_connection.cpp
  sqlite_connection_memory.cpp
  sqlite_error.cpp
  sqlite_files.cpp
  sqlite_functions.cpp
  sqlite_json_patch.cpp
  sqlite_lookups.cpp
  sqlite_matchers.cpp
  sqlite_memory.cpp
  sqlite_query.cpp
  sqlite_schema_watch.cpp
  sqlite_settings.cpp
  sqlite_snippets.cpp
  sqlite_stamp.cpp
  sqlite_statement.cpp
  sqlite_tokens.cpp
  sqlite_value_limit.cpp
  sqlite_vfs.cpp
  sqlite_vfs_files.cpp
  sqlite_wal.cpp)
target_link_libraries(sluice_sqlite PUBLIC sluice_messages
  PRIVATE sluice_storage SQLite::SQLite3)
