sluice_tests(lifecycle
  LIBRARIES sluice_lifecycle sluice_disk_calls
  FILES
    drain log_pasts supervisor supervisor_spool supervisor_restarts
    supervisor_successors)
