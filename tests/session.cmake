sluice_test(json_input sluice_detail)
