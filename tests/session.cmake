sluice_test(json_input sluice_detail)
sluice_test(merge_patch sluice_session)
