sluice_tests(detail
  LIBRARIES sluice_detail sluice_storage sluice_disk_calls
  FILES
    alert_sum clock_watch credit dead_letters error flush_grid helper_pool json_grammar
    json_input json_ws_request last_words owed shared_question sql_json sync_watch
    window_timer workers)
