sluice_tests(coalesce
  LIBRARIES sluice_coalesce sluice_detail
  FILES flight progress lane fourth_user)
