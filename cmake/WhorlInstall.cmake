# What `cmake --install` puts under its prefix: the command, the engine as static libraries with their
# headers, the files that find_package(whorl) reads, the descriptions of face models, docs/
# and the schema of the protocol.
# docs/library.md is for those who link it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(headers ${CMAKE_INSTALL_INCLUDEDIR}/whorl)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/whorl)

foreach(layer kernels base formats features matchers index gallery search)
  set_target_properties(whorl_${layer} PROPERTIES EXPORT_NAME ${layer})
  target_include_directories(whorl_${layer} INTERFACE $<INSTALL_INTERFACE:${headers}>)
  install(TARGETS whorl_${layer} EXPORT whorl ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  # Sources say "engine/search/engine.h" and "kernels/backend.h", here and there.
  set(folder engine/${layer})
  if(layer STREQUAL "kernels")
    set(folder kernels)
  endif()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${headers}/${folder} FILES_MATCHING PATTERN *.h)
endforeach()

# Inline functions of the headers make the same sums in a user's program as in the archives.
target_compile_options(whorl_kernels INTERFACE $<INSTALL_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>>)

install(EXPORT whorl NAMESPACE whorl:: FILE whorlTargets.cmake DESTINATION ${package})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/whorlConfig.cmake.in ${PROJECT_BINARY_DIR}/whorlConfig.cmake
                              INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what programs are written against.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/whorlConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/whorlConfig.cmake ${PROJECT_BINARY_DIR}/whorlConfigVersion.cmake
              cmake/WhorlDependencies.cmake cmake/FindOpenCVDnn.cmake cmake/FindDlib.cmake cmake/FindOpenJPEG.cmake
        DESTINATION ${package})

install(TARGETS whorl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY engine/features/face/models DESTINATION ${CMAKE_INSTALL_DATADIR}/whorl)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
# Where the pages about the protocol, and its example clients, look for it.
install(FILES engine/service/whorl.fbs DESTINATION ${CMAKE_INSTALL_DOCDIR}/engine/service)
