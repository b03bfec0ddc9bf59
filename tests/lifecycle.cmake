sluice_tests(lifecycle
  LIBRARIES sluice_lifecycle sluice_disk_calls
  FILES
    child_table crew drain log_pasts phases supervisor supervisor_spool
    supervisor_restarts supervisor_successors)
