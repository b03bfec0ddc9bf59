sluice_tests(lifecycle
  LIBRARIES sluice_lifecycle
  FILES
    drain supervisor supervisor_spool supervisor_restarts)
