sluice_tests(introspection
  LIBRARIES sluice_introspection
  FILES
    peer_check)
