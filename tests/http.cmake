sluice_test(http_asio_actor sluice_http)
sluice_test(http_server sluice_http)
