#pragma once
// Stands in for NVIDIA's header when a .cu source is compiled as C++ for the emulated device: put
// this folder first on the include path and define WHORL_EMULATED_CUDA. It has what our sources use
// and is no more permissive than CUDA.

#ifndef WHORL_EMULATED_CUDA
#error "the emulated device's cuda_runtime.h, in a build that did not ask for it"
#endif

#include <math.h>
#include <stdlib.h>

#include "emulated_arithmetic.h"
#include "emulated_mma.h"
#include "emulated_runtime.h"
#include "emulated_threads.h"
#include "emulated_warp.h"
#include "emulated_wgmma.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)
#define __grid_constant__
// One thread block runs at a time. The section lets the scheduler spoil what the last one left; gcc
// ignores it in templates (GCC bug 41091), whose variables therefore stay. Under AddressSanitizer
// pass -fsanitize-sections=whorl_shared, or overruns of these variables go unseen.
#define __shared__ static __attribute__((section("whorl_shared")))

#define threadIdx (::whorl::emulated::current().thread)
#define blockIdx (::whorl::emulated::current().block)
#define blockDim (::whorl::emulated::current().block_size)
#define gridDim (::whorl::emulated::current().grid_size)
constexpr int warpSize = ::whorl::emulated::kWarpLanes;

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

#define WHORL_VECTOR_TYPES(name, element)                                                 \
  struct alignas(2 * sizeof(element)) name##2 {                                           \
    element x, y;                                                                         \
  };                                                                                      \
  struct name##3 {                                                                        \
    element x, y, z;                                                                      \
  };                                                                                      \
  struct alignas(sizeof(element) < 8 ? 4 * sizeof(element) : 16) name##4 {                \
    element x, y, z, w;                                                                   \
  };                                                                                      \
  constexpr name##2 make_##name##2(element x, element y) { return {x, y}; }               \
  constexpr name##3 make_##name##3(element x, element y, element z) { return {x, y, z}; } \
  constexpr name##4 make_##name##4(element x, element y, element z, element w) {          \
    return {x, y, z, w};                                                                  \
  }
WHORL_VECTOR_TYPES(char, signed char)
WHORL_VECTOR_TYPES(uchar, unsigned char)
WHORL_VECTOR_TYPES(short, short)
WHORL_VECTOR_TYPES(ushort, unsigned short)
WHORL_VECTOR_TYPES(int, int)
WHORL_VECTOR_TYPES(uint, unsigned)
WHORL_VECTOR_TYPES(longlong, long long)
WHORL_VECTOR_TYPES(ulonglong, unsigned long long)
WHORL_VECTOR_TYPES(float, float)
WHORL_VECTOR_TYPES(double, double)
#undef WHORL_VECTOR_TYPES
