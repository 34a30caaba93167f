# whorl_bench(<name> SOURCES ... LINK ...): a Google Benchmark executable. ctest runs each for an
# instant (label bench), so that none rots; its answers are checked, its times are not.
function(whorl_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} whorl_warnings benchmark::benchmark_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  if(WHORL_TESTS)
    add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/cmake/run_bench.sh $<TARGET_FILE:${name}>)
    set_tests_properties(${name} PROPERTIES LABELS bench TIMEOUT 120)
  endif()
endfunction()
