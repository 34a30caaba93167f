# The one test of the CUDA twins, without a test library: tools/gpu builds it where none is. Says
# which commit it is of; WHORL_COMMIT does where there is no git.
set(gpu_sources gpu_main.cc gpu_fingers.cc gpu_faces.cc gpu_comparisons.cc gpu_report.cc gpu_rates.cu gpu_wgmma_rates.cu)
list(TRANSFORM gpu_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
set(commit "$ENV{WHORL_COMMIT}")
find_package(Git QUIET)
if(NOT commit AND Git_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(commit)
  set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/gpu_main.cc PROPERTIES COMPILE_DEFINITIONS WHORL_COMMIT="${commit}")
endif()
if(WHORL_CUDA)
  # Hopper's instruction in a library of its own, as in kernels/.
  list(POP_BACK gpu_sources wgmma_source)
  add_library(whorl_gpu_sm90a OBJECT ${wgmma_source})
  target_include_directories(whorl_gpu_sm90a PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(whorl_gpu_sm90a PROPERTIES CUDA_ARCHITECTURES 90a-real)
  add_executable(whorl_gpu_check ${gpu_sources} $<TARGET_OBJECTS:whorl_gpu_sm90a>)
  target_link_libraries(whorl_gpu_check PRIVATE whorl::kernels whorl_warnings CUDA::cudart_static)
  set_target_properties(whorl_gpu_check PROPERTIES LINKER_LANGUAGE CUDA)
  # It may be brought to a machine that has nothing but a driver.
  target_link_options(whorl_gpu_check PRIVATE -static-libstdc++ -static-libgcc)
  foreach(target whorl_gpu_check whorl_gpu_sm90a)
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;-fmad=false;$<$<BOOL:${WHORL_WERROR}>:-Werror=all-warnings>>)
  endforeach()
  add_test(NAME CudaTwins.AgreeWithTheirDefinitions COMMAND whorl_gpu_check)  # 3, not all checked, fails
  set_tests_properties(CudaTwins.AgreeWithTheirDefinitions PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 TIMEOUT 600)
else()
  # The same on the emulated device: what a GPU's minutes are not to be lost to is found here.
  set_source_files_properties(${gpu_sources} PROPERTIES LANGUAGE CXX)
  add_executable(whorl_gpu_rehearsal ${gpu_sources})
  target_link_libraries(whorl_gpu_rehearsal PRIVATE whorl_emulated_cuda whorl_warnings)
  set_target_properties(whorl_gpu_rehearsal PROPERTIES UNITY_BUILD OFF)
  add_test(NAME CudaTwins.AreCheckedAndTimedInARehearsal
    COMMAND whorl_gpu_rehearsal --rehearse --minutes 60 --report ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(CudaTwins.AreCheckedAndTimedInARehearsal PROPERTIES LABELS unit TIMEOUT 1800)
  add_test(NAME CudaTwins.NothingIsBegunAfterTheTimeIsUp COMMAND whorl_gpu_rehearsal --rehearse --minutes 0)
  set_tests_properties(CudaTwins.NothingIsBegunAfterTheTimeIsUp PROPERTIES LABELS unit
    PASS_REGULAR_EXPRESSION "left out, time was up . limits; prints; faces; comparisons; limits, wgmma")
endif()
