sluice_tests(introspection
  LIBRARIES sluice_introspection sluice_gate
  FILES
    peer_check socket_keeper)
