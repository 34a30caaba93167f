# whorl_layer(<name> FOLDER <dir> SOURCES ... LAYERS ... PACKAGES ... USES ...)
#
# One static library per folder. LAYERS names the layers it stands on; each must exist already and
# have a lower number, so an upward dependency cannot even be written down. cmake/check_layers.cmake
# then reads every #include of the folder and holds it to the same list, on every build.
#   PACKAGES  libraries that stop inside this layer        USES  libraries its headers show
#   MODULE    not a library but something that another program loads, on top of all
#   APART     its sources give the same name to different local things, so each is compiled by itself
#             even where a preset has several compiled together, which saves half of the time where
#             headers are large
set(WHORL_LAYER_ORDER kernels base formats features matchers index gallery search service app python)

function(whorl_layer name)
  cmake_parse_arguments(ARG "MODULE;APART" "FOLDER" "SOURCES;LAYERS;PACKAGES;USES" ${ARGN})
  list(FIND WHORL_LAYER_ORDER ${name} own_number)
  foreach(layer IN LISTS ARG_LAYERS)
    list(FIND WHORL_LAYER_ORDER ${layer} number)
    if(NOT TARGET whorl::${layer})
      message(FATAL_ERROR "${name} depends on '${layer}', which is not declared below it")
    endif()
    if(NOT own_number EQUAL -1 AND number GREATER_EQUAL own_number)
      message(FATAL_ERROR "${name} (layer ${own_number}) may not stand on ${layer} (layer ${number})")
    endif()
  endforeach()
  set(kind STATIC)
  if(ARG_MODULE)
    set(kind MODULE)
  endif()
  add_library(whorl_${name} ${kind} ${ARG_SOURCES})
  add_library(whorl::${name} ALIAS whorl_${name})
  # So that a shared object may be linked from it, which then shows nothing of it. Nobody can put
  # another function in a hidden one's place, so it is inlined as in a program.
  set_target_properties(whorl_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(ARG_APART)
    set_target_properties(whorl_${name} PROPERTIES UNITY_BUILD OFF)
  endif()
  set(layer_targets ${ARG_LAYERS})
  list(TRANSFORM layer_targets PREPEND whorl::)
  target_link_libraries(whorl_${name} PUBLIC ${layer_targets} ${ARG_USES}
                        PRIVATE ${ARG_PACKAGES} $<BUILD_INTERFACE:whorl_warnings>)
  # Those that read outside bytes tell a fuzzer what they compare with. Elsewhere it is pixels and
  # sums, which say nothing and take twice as long.
  if(WHORL_FUZZ AND NOT name MATCHES "^(base|formats|service)$")
    target_compile_options(whorl_${name} PRIVATE -fno-sanitize-coverage=trace-cmp)
  endif()
  target_include_directories(whorl_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_compile_features(whorl_${name} PUBLIC cxx_std_20)
  whorl_check_includes(${name} ${ARG_FOLDER} "${ARG_LAYERS}")
endfunction()

# Refuses the build when a file of `folder` includes one of our headers from a layer it did not name.
function(whorl_check_includes name folder layers)
  string(REPLACE ";" "," allowed "${layers}")
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.h
       ${PROJECT_SOURCE_DIR}/${folder}/*.cc ${PROJECT_SOURCE_DIR}/${folder}/*.cu)
  set(stamp ${PROJECT_BINARY_DIR}/layers/${name}.stamp)
  add_custom_command(OUTPUT ${stamp}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DALLOWED=${allowed} -DROOT=${PROJECT_SOURCE_DIR}
            -DSTAMP=${stamp} -P ${PROJECT_SOURCE_DIR}/cmake/check_layers.cmake
    DEPENDS ${inputs} ${PROJECT_SOURCE_DIR}/cmake/check_layers.cmake
    COMMENT "Layer guard: ${folder}" VERBATIM)
  add_custom_target(whorl_layer_guard_${name} DEPENDS ${stamp})
  add_dependencies(whorl_${name} whorl_layer_guard_${name})
endfunction()
