# One ctest case of each test function in tests/system/*.py, named after its sentence:
# `system.logs.lines keep their order`. They drive a real sluiced from outside. Those of
# hostile/ attack it: `system.hostile.introspection.random bytes do no harm`.
function(sluice_system_test name)
  set(script "${CMAKE_CURRENT_SOURCE_DIR}/system/${name}.py")
  string(REPLACE "/" "." area "${name}")
  file(STRINGS "${script}" lines REGEX "^    def test_")
  if(NOT lines)
    message(FATAL_ERROR "${script} holds no test")
  endif()
  set(environment "SLUICED=$<TARGET_FILE:sluiced>" "SLUICECTL=$<TARGET_FILE:sluicectl>"
    "GATE=$<TARGET_FILE:sluice-gate>"
    "PRELOAD=$<TARGET_FILE_DIR:no_sync>"
    "PYTHONPATH=${CMAKE_CURRENT_SOURCE_DIR}/system")
  if(TARGET forgetful)
    list(APPEND environment "FORGETFUL=$<TARGET_FILE:forgetful>")
  endif()
  if(TARGET node_modules)
    list(APPEND environment "NODE_PATH=${NODE_MODULES_DIR}")
  endif()
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^ *def (test_[a-z0-9_]+)\\(self\\):$" "\\1" function "${line}")
    string(REGEX REPLACE "^test_" "" sentence "${function}")
    string(REPLACE "_" " " sentence "${sentence}")
    add_test(NAME "system.${area}.${sentence}"
      COMMAND Python3::Interpreter -B "${script}" "${function}")
    set_tests_properties("system.${area}.${sentence}" PROPERTIES
      ENVIRONMENT "${environment}" TIMEOUT 180 SKIP_RETURN_CODE 77)
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${script}")
endfunction()

include(NodeModules)
include(system/power.cmake)

if(TARGET sluiced)
  find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)
  file(GLOB scripts CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}/system"
    "${CMAKE_CURRENT_SOURCE_DIR}/system/*.py"
    "${CMAKE_CURRENT_SOURCE_DIR}/system/hostile/*.py")
  list(REMOVE_ITEM scripts attack.py certifying.py gating.py harness.py looking.py
    starve.py storm.py torture.py)
  foreach(script IN LISTS scripts)
    string(REGEX REPLACE "\\.py$" "" name "${script}")
    sluice_system_test("${name}")
  endforeach()
endif()
