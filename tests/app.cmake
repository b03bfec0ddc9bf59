sluice_test(config sluice_config)
sluice_test(config_file sluice_config)
sluice_test(data_dir sluice_data_dir)
include(checks/checks.cmake)
