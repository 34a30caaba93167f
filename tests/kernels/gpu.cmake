# The one test of the CUDA twins, without a test library: tools/gpu builds it where none is.
add_executable(whorl_gpu_check ${CMAKE_CURRENT_LIST_DIR}/gpu_main.cc
  ${CMAKE_CURRENT_LIST_DIR}/gpu_faces.cc ${CMAKE_CURRENT_LIST_DIR}/gpu_comparisons.cc ${CMAKE_CURRENT_LIST_DIR}/gpu_report.cc)
target_link_libraries(whorl_gpu_check PRIVATE whorl::kernels whorl_warnings CUDA::cudart_static)
set_target_properties(whorl_gpu_check PROPERTIES LINKER_LANGUAGE CUDA)
add_test(NAME CudaTwins.AgreeWithTheirDefinitions COMMAND whorl_gpu_check)
set_tests_properties(CudaTwins.AgreeWithTheirDefinitions PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 TIMEOUT 300)
