sluice_tests(app
  LIBRARIES sluice_config sluice_data_dir
  FILES
    config config_file config_words data_dir settings_keeper)
include(checks/checks.cmake)
