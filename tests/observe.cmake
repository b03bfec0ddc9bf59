sluice_tests(observe
  LIBRARIES sluice_observe
  FILES
    metrics_aggregator disk_watch directory)
