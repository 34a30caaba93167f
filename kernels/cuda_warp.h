#pragma once
// A thread's place in its warp. For .cu files alone.

#include <cuda_runtime.h>

namespace whorl::kernels::device {

constexpr int kWarp = 32;
constexpr unsigned kAllLanes = 0xFFFFFFFFU;

__device__ __forceinline__ int lane_of_warp() { return static_cast<int>(threadIdx.x) % kWarp; }
__device__ __forceinline__ int warp_of_thread() { return static_cast<int>(threadIdx.x) / kWarp; }

}  // namespace whorl::kernels::device
