sluice_tests(spool
  LIBRARIES sluice_spool sluice_disk_calls
  FILES
    crc32c file_quota regular_file spool spool_damage spool_kill spool_lanes spool_model
    spool_place spool_presence sluicectl sync_gate disk_order spool_rewriting)
target_compile_definitions(test_spool PRIVATE SLUICECTL="$<TARGET_FILE:sluicectl>")
add_dependencies(test_spool sluicectl)
