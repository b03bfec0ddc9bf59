sluice_test(spool sluice_spool)
