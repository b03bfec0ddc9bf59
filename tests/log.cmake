sluice_tests(log
  LIBRARIES sluice_log sluice_disk_calls
  FILES
    log_buffer log_writer log_lanes log_places log_spool log_replay log_doubts
    log_rotation log_syncs)
# It counts what is allocated, which is a program's business.
sluice_tests(log_burst LIBRARIES sluice_log FILES log_burst)
