# sluice_tests(AREA LIBRARIES... FILES NAME...) builds tests/NAME.cpp, all of them, as
# test_AREA and makes one ctest case of each CAF_TEST in them, named NAME.SENTENCE. CAF's
# runner succeeds when a filter matches nothing, so a case passes only if exactly one
# test ran and every check in it held; CTest looks at no exit code where it looks at the
# output, so both are read there. The filters are regular expressions, but plain names
# where they were built by clang.
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  set(sluice_test_anchors "" "")
else()
  set(sluice_test_anchors "^" "$")
endif()

function(sluice_test_case area name sentence)
  list(JOIN sluice_test_anchors "${name}" suite)
  list(JOIN sluice_test_anchors "${sentence}" filter)
  add_test(NAME "${name}.${sentence}"
    COMMAND test_${area} -n -v 4 -r 120 -s "${suite}" -t "${filter}")
  set_tests_properties("${name}.${sentence}" PROPERTIES
    PASS_REGULAR_EXPRESSION "tests:   1\n[^%]*success: 100%"
    FAIL_REGULAR_EXPRESSION "failed tests:|ERROR: |runtime error: "
    TIMEOUT 120)
endfunction()

function(sluice_test_cases area name)
  file(STRINGS "${name}.cpp" lines REGEX "^CAF_TEST\\(")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "^CAF_TEST\\(([^)]+)\\)")
      message(FATAL_ERROR "tests/${name}.cpp: a CAF_TEST must stand on one line: ${line}")
    endif()
    # clang-format sets a blank behind words that are keywords too.
    string(STRIP "${CMAKE_MATCH_1}" sentence)
    sluice_test_case("${area}" "${name}" "${sentence}")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${name}.cpp")
endfunction()

# CAF's headers cost a compiler several times what a file of tests does, so a few files
# make one translation unit: first what they include, then each in a namespace of its
# own, where all of its includes are done already. A file alone stays as it is.
function(sluice_test_unit area path)
  if(ARGC EQUAL 3)
    target_sources(test_${area} PRIVATE "${ARGV2}.cpp")
    return()
  endif()
  set(includes "")
  set(bodies "")
  foreach(name IN LISTS ARGN)
    file(STRINGS "${name}.cpp" lines REGEX "^#include ")
    list(APPEND includes ${lines})
    string(APPEND bodies
      "namespace in_${name} {\n#undef CAF_SUITE\n#include \"tests/${name}.cpp\"\n}\n")
  endforeach()
  list(REMOVE_DUPLICATES includes)
  # CAF's test header defines macros with plain names, so it comes last.
  set(late ${includes})
  list(FILTER late INCLUDE REGEX "tests/|caf/test/")
  list(REMOVE_ITEM includes ${late})
  list(APPEND includes ${late})
  list(JOIN includes "\n" includes)
  file(CONFIGURE OUTPUT "${path}" @ONLY
    CONTENT "#define CAF_SUITE unit\n${includes}\n${bodies}")
  target_sources(test_${area} PRIVATE "${path}")
endfunction()

function(sluice_tests area)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;FILES")
  add_executable(test_${area})
  target_link_libraries(test_${area} PRIVATE sluice_test_main ${arg_LIBRARIES})
  set(unit 0)
  while(arg_FILES)
    list(SUBLIST arg_FILES 0 4 names)
    list(REMOVE_ITEM arg_FILES ${names})
    math(EXPR unit "${unit} + 1")
    sluice_test_unit(${area} "${CMAKE_CURRENT_BINARY_DIR}/${area}_${unit}.cpp" ${names})
    foreach(name IN LISTS names)
      sluice_test_cases("${area}" "${name}")
    endforeach()
  endwhile()
endfunction()
