#pragma once
// Copies from device memory to a thread block's shared memory that go on while its threads compute:
// 16 bytes each, both sides aligned. A thread's copies since its last close_copies() are one group;
// wait_copies<n>() returns when all of its groups but the last n have arrived, and a barrier after
// it makes them seen by all. Compute capability 8.0; plain copies below it. For .cu files alone.
// Source: NVIDIA, PTX ISA 9.0, "cp.async".

#include <cuda_runtime.h>

#include <cstddef>

#ifdef WHORL_EMULATED_CUDA
#include <deque>
#include <vector>
#endif

namespace whorl::kernels::device {

#ifdef WHORL_EMULATED_CUDA

// Odd threads copy at the last moment that is allowed, even ones at once, so that whoever reads too
// early or writes where others still read is found out.
struct LateCopies {
  struct Copy {
    void* shared;
    const void* global;
  };
  std::vector<Copy> open;
  std::deque<std::vector<Copy>> closed;
};
inline LateCopies& late_copies() {
  static LateCopies of_thread[1024];
  return of_thread[threadIdx.x];
}
inline void copy_16(void* shared, const void* global) {
  if (threadIdx.x % 2 == 0) {
    std::memcpy(shared, global, 16);
  } else {
    late_copies().open.push_back({shared, global});
  }
}
inline void close_copies() {
  late_copies().closed.push_back(std::move(late_copies().open));
  late_copies().open.clear();
}
template <int kLeft>
void wait_copies() {
  auto& closed = late_copies().closed;
  for (; closed.size() > std::size_t{kLeft}; closed.pop_front()) {
    for (const auto& copy : closed.front()) std::memcpy(copy.shared, copy.global, 16);
  }
}

#else

__device__ __forceinline__ void copy_16(void* shared, const void* global) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  const auto to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
#else
  *static_cast<uint4*>(shared) = *static_cast<const uint4*>(global);
#endif
}
__device__ __forceinline__ void close_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
template <int kLeft>
__device__ __forceinline__ void wait_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(kLeft) : "memory");
#endif
}

#endif

}  // namespace whorl::kernels::device
