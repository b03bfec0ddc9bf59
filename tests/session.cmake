sluice_tests(session
  LIBRARIES sluice_session sluice_database sluice_disk_calls
  FILES
    merge_patch session_backend session_codec session_database session_debouncer
    session_ages session_journal session_journal_crash session_journal_doubts
    session_journal_files session_journal_limits session_journal_places
    session_journal_unread session_lanes session_limits session_losses
    session_maintenance session_places session_replay session_rows session_spool
    session_syncs session_unread session_writes)
