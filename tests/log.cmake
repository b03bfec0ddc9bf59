sluice_test(log_buffer sluice_log)
sluice_test(log_writer sluice_log)
sluice_test(credit sluice_messages)
sluice_test(log_burst sluice_log)
