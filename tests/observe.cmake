sluice_tests(observe
  LIBRARIES sluice_observe sluice_storage
  FILES
    alert_keeper metrics_aggregator disk_watch directory instrumented)
