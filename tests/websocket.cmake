sluice_tests(websocket
  LIBRARIES sluice_detail sluice_websocket ZLIB::ZLIB
  FILES
    topic_hub topic_resume ws_batcher ws_deflater ws_queue)
