# What trouble is made with: a file system that forgets what no sync covered (where
# libfuse3 is there; its tests are skipped otherwise), and libraries to preload.
find_package(PkgConfig)
if(PkgConfig_FOUND)
  pkg_check_modules(FUSE3 IMPORTED_TARGET fuse3>=3.12)
endif()

if(FUSE3_FOUND)
  add_executable(forgetful
    system/forgetful/contents.cpp
    system/forgetful/file_system.cpp
    system/forgetful/forgetful.cpp
    system/forgetful/mount.cpp
    system/forgetful/operations.cpp
    system/forgetful/tree.cpp)
  target_link_libraries(forgetful PRIVATE sluice_common PkgConfig::FUSE3)
endif()

foreach(name clock_jump die_at failing_disk failing_open failing_sync file_events no_sync
    slow_sync
    starving time_lapse)
  add_library(${name} MODULE system/preload/${name}.cpp)
  # Preloaded first, it can bring no sanitizer with it.
  target_compile_options(${name} PRIVATE -fno-sanitize=all)
  target_link_options(${name} PRIVATE -fno-sanitize=all)
  target_link_libraries(${name} PRIVATE sluice_common ${CMAKE_DL_LIBS})
endforeach()
