# What the engine's static libraries stand on. Read by this build, and, installed beside
# whorlConfig.cmake, by the build of everybody who links them: one list for both.
set(WHORL_DEPENDENCIES Threads tl-expected "OpenSSL 3" TBB RocksDB nlohmann_json OpenMP BLAS LAPACK faiss PNG JPEG
    TIFF OpenJPEG OpenCVDnn Dlib)
if(WHORL_CUDA)
  list(APPEND WHORL_DEPENDENCIES CUDAToolkit)
endif()
