# Rules of the house that a compiler does not know, each as a test, and beside it the
# proof that it can fail.
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

function(sluice_check name sentence)
  set(script "${CMAKE_CURRENT_SOURCE_DIR}/checks/${name}.py")
  add_test(NAME "checks.${sentence}" COMMAND Python3::Interpreter -B "${script}")
  add_test(NAME "checks.${name} finds what it must" COMMAND
    Python3::Interpreter -B "${script}" --samples)
  set_tests_properties("checks.${sentence}" "checks.${name} finds what it must" PROPERTIES
    PASS_REGULAR_EXPRESSION "(^|\n)0 findings" TIMEOUT 120 ${ARGN})
endfunction()

sluice_check(includes "includes point one way")
sluice_check(shape "files and lines are short and finished")
sluice_check(layout "sources are as clang-format leaves them")
sluice_check(openapi "docs/openapi.json describes the routes")
sluice_check(promises "pages of promises name tests that are there")
sluice_check(answers "whoever asks is answered")
sluice_check(words "pages are in plain sentences")
if(TARGET sluiced)
  sluice_check(generated "conf is what sluiced prints"
    ENVIRONMENT "SLUICED=$<TARGET_FILE:sluiced>")
endif()
