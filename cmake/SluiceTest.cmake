# sluice_test(NAME LIBRARIES...) builds tests/NAME.cpp and makes one ctest case of each
# CAF_TEST in it, named NAME.SENTENCE. CAF's runner succeeds when a filter matches
# nothing, so a case passes only if exactly one test ran and every check in it held;
# CTest looks at no exit code where it looks at the output, so both are read there.
# The filter is a regular expression, but the plain name where it was built by clang.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(sluice_test_anchors "" "")
else()
  set(sluice_test_anchors "^" "$")
endif()

function(sluice_test_case name sentence)
  list(JOIN sluice_test_anchors "${sentence}" filter)
  add_test(NAME "${name}.${sentence}"
    COMMAND test_${name} -n -v 4 -r 120 -t "${filter}")
  set_tests_properties("${name}.${sentence}" PROPERTIES
    PASS_REGULAR_EXPRESSION "tests:   1\n[^%]*success: 100%"
    FAIL_REGULAR_EXPRESSION "failed tests:|ERROR: |runtime error: "
    TIMEOUT 120)
endfunction()

function(sluice_test name)
  add_executable(test_${name} "${name}.cpp")
  target_link_libraries(test_${name} PRIVATE sluice_test_main ${ARGN})
  file(STRINGS "${name}.cpp" lines REGEX "^CAF_TEST\\(")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^CAF_TEST\\(([^)]+)\\)")
      message(FATAL_ERROR "tests/${name}.cpp: a CAF_TEST must stand on one line: ${line}")
    endif()
    # clang-format sets a blank behind words that are keywords too.
    string(STRIP "${CMAKE_MATCH_1}" sentence)
    sluice_test_case("${name}" "${sentence}")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${name}.cpp")
endfunction()
