#pragma once
// Starting a kernel, on a device or on the tests' emulated one. For .cu files alone.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/cuda_memory.h"

namespace whorl::kernels {

// `grid` blocks of `threads` threads. Zero work is no launch.
template <class... Parameters, class... Arguments>
Status launch(void (*kernel)(Parameters...), dim3 grid, int threads, std::size_t shared_bytes,
              cudaStream_t stream, const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "they are copied to the device");
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return Status::ok;
#ifdef WHORL_EMULATED_CUDA
  const emulated::Index blocks{grid.x, grid.y, grid.z};
  if (emulated::admits_launch(reinterpret_cast<const void*>(kernel), blocks, threads, shared_bytes,
                              stream)) {
    emulated::tell(stream, [=] {
      emulated::run(blocks, static_cast<unsigned>(threads), shared_bytes,
                    [&] { kernel(arguments...); });
    });
  }
#else
  kernel<<<grid, static_cast<unsigned>(threads), shared_bytes, stream>>>(arguments...);
#endif
  WHORL_CUDA_TRY(cudaGetLastError());
  return Status::ok;
}

// Lets a kernel without shared memory of its own have all that the current device gives a thread
// block. Never less, because the limit is the kernel's and not the launch's: host threads that each
// set what they need would take it from one another.
template <class... Parameters>
Status allow_all_shared_bytes(void (*kernel)(Parameters...), std::int64_t device_gives) {
  WHORL_CUDA_TRY(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                      static_cast<int>(device_gives)));
  return Status::ok;
}

namespace device {

// The dynamic shared memory of the thread block, 16-byte aligned.
__device__ __forceinline__ char* shared_bytes() {
#ifdef WHORL_EMULATED_CUDA
  return reinterpret_cast<char*>(emulated::current().shared);
#else
  extern __shared__ __align__(16) char memory[];
  return memory;
#endif
}

}  // namespace device
}  // namespace whorl::kernels
