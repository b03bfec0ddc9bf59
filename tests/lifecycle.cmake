sluice_tests(lifecycle
  LIBRARIES sluice_lifecycle
  FILES
    drain log_pasts supervisor supervisor_spool supervisor_restarts)
