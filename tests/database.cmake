sluice_tests(database
  LIBRARIES sluice_sqlite sluice_database sluice_detail
  FILES
    sqlite sqlite_files sqlite_ties sqlite_tokens sqlite_writer sqlite_writer_sql
    sqlite_writer_disk sqlite_writer_files sqlite_reader
    checkpoint_scheduler database sql_codec sql_queue sql_queue_refusals
    sql_queue_spool sqlite_lookups sqlite_recovery
    write_transaction write_trial database_syncs
    database_quiet)
# It refuses memory, which is a program's business.
sluice_tests(sqlite_shortage
  LIBRARIES sluice_sqlite sluice_database sluice_refused_memory
  FILES sqlite_shortage)
