# Proof that a case can fail, in each way that leaves CAF's runner standing.
sluice_tests(runner LIBRARIES sluice_messages FILES runner)
sluice_test_case(runner runner "a filter that matches nothing fails its case")
get_property(runner_cases DIRECTORY PROPERTY TESTS)
list(FILTER runner_cases INCLUDE REGEX "^runner\\.")
set_tests_properties(${runner_cases} PROPERTIES WILL_FAIL TRUE)
