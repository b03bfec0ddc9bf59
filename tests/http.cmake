sluice_tests(http
  LIBRARIES sluice_http sluice_storage ZLIB::ZLIB
  FILES
    http_access_rules http_admission http_answers http_asio_actor http_doorbell
    http_exposition http_frame_watch http_gunzip http_incoming http_intake
    http_liveness http_log_text http_rates http_server http_shared http_shortage
    http_target http_tls json_writer ledger)
# It has no need of what the others link together.
sluice_tests(ws_session LIBRARIES sluice_http FILES ws_session)
# It refuses memory, which is a program's business.
sluice_tests(accept_shortage
  LIBRARIES sluice_http sluice_refused_memory
  FILES accept_shortage)
