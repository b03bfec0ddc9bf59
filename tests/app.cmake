sluice_tests(app
  LIBRARIES sluice_config sluice_data_dir sluice_descriptors sluice_log_here
    sluice_disk_calls
  FILES
    config config_file config_words data_dir descriptors line_limits
    line_queue printable settings_keeper)
include(checks/checks.cmake)
