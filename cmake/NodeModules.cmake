# The npm packages that tests and benches hold us against, as tests/package-lock.json
# pins them: installed once into the build directory, by the target `node_modules`,
# without running any script of theirs. Without npm there is no target, and what needs
# one is skipped.
include_guard(GLOBAL)

find_program(NODE_EXECUTABLE node)
find_program(NPM_EXECUTABLE npm)
if(NOT NODE_EXECUTABLE OR NOT NPM_EXECUTABLE)
  message(STATUS "npm is not here: no WebSocket client of others will be tested")
  return()
endif()

set(NODE_MODULES_DIR "${CMAKE_BINARY_DIR}/node/node_modules")
set(node_modules_stamp "${CMAKE_BINARY_DIR}/node/installed")
add_custom_command(OUTPUT "${node_modules_stamp}"
  COMMAND ${CMAKE_COMMAND} -E copy
    "${CMAKE_SOURCE_DIR}/tests/package.json" "${CMAKE_SOURCE_DIR}/tests/package-lock.json"
    "${CMAKE_BINARY_DIR}/node"
  COMMAND "${NPM_EXECUTABLE}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch "${node_modules_stamp}"
  WORKING_DIRECTORY "${CMAKE_BINARY_DIR}/node"
  DEPENDS "${CMAKE_SOURCE_DIR}/tests/package.json"
    "${CMAKE_SOURCE_DIR}/tests/package-lock.json"
  COMMENT "Installing the npm packages of tests/package-lock.json"
  VERBATIM)
add_custom_target(node_modules ALL DEPENDS "${node_modules_stamp}")
file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/node")
