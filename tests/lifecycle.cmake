sluice_test(drain sluice_lifecycle)
sluice_test(supervisor sluice_lifecycle)
