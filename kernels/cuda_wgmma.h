#pragma once
// Hopper's matrix instruction, by four warps together: d += A B' with A [64, 32] and B [N, 32] of
// 8-bit integers, or half as many halves: 32 bytes a row. Where they are in shared memory, rows are
// of 64 bytes (two instructions' K) that are swizzled: chunk c of row r stands at chunk
// c ^ (r / 2 % 4), from an address that is a multiple of 512 on. An A in registers is held as
// kernels/cuda_mma.h has it, 16 rows by each warp.
// Lane 4 g + t of warp w holds d[4 j + 2 r + i] of row 16 w + 8 r + g, column 8 j + 2 t + i.
// For .cu files alone. Compute capability 9.0 and code for sm_90a; a trap in any other.
// Source: NVIDIA, PTX ISA 9.0, "Asynchronous Warpgroup Level Matrix Instructions", 9.7.15.

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/core.h"

namespace whorl::kernels::device {

constexpr int kWgmmaRowBytes = 64, kWgmmaDepth = 32;  // bytes
constexpr int kWgmmaAlignment = 8 * kWgmmaRowBytes;
constexpr int wgmma_sums(int columns) { return columns / 2; }  // of a thread

WHORL_HOST_DEVICE constexpr int swizzled_chunk(int row, int chunk) { return chunk ^ (row / 2 % 4); }

// What the instruction is told of a matrix: where it begins, how far 8 of its rows are from the
// next 8, and that its rows are of 64 bytes, swizzled. The distance of columns has no meaning then.
WHORL_HOST_DEVICE constexpr std::uint64_t wgmma_matrix(std::uint32_t address) {
  constexpr std::uint64_t kSwizzled64 = 2;
  return std::uint64_t{address >> 4U & 0x3FFFU} | std::uint64_t{1} << 16U |
         std::uint64_t{kWgmmaAlignment >> 4} << 32U | kSwizzled64 << 62U;
}

#ifdef WHORL_EMULATED_CUDA

inline std::uint32_t shared_address(const void* shared) {
  return static_cast<std::uint32_t>(static_cast<const std::byte*>(shared) -
                                    emulated::current().shared);
}
inline void publish_to_wgmma() {}
template <int kWords, typename Word>
void hold(Word (&)[kWords]) {}
inline void wgmma_begin() {}
template <int kSums>
void wgmma(int (&d)[kSums], std::uint64_t a, std::uint64_t b) {
  emulated::wgmma<emulated::SignedBytes>(d, 2 * kSums, a, b);
}
template <int kSums>
void wgmma(float (&d)[kSums], std::uint64_t a, std::uint64_t b) {
  emulated::wgmma<emulated::Halves>(d, 2 * kSums, a, b);
}
template <int kSums>
void wgmma_u8(int (&d)[kSums], const unsigned (&a)[4], std::uint64_t b) {
  emulated::wgmma_u8(d, 2 * kSums, a, b);
}
inline void wgmma_wait() {}

#else

__device__ __forceinline__ std::uint32_t shared_address(const void* shared) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
}

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define WHORL_SM90A(...) asm volatile(__VA_ARGS__)
#else
#define WHORL_SM90A(...) __trap()
#endif

// What this thread wrote to shared memory may be multiplied after the next barrier.
__device__ __forceinline__ void publish_to_wgmma() {
  WHORL_SM90A("fence.proxy.async.shared::cta;" ::: "memory");
}
// The words are in their registers here: nothing that writes or reads them moves past. The products
// run beside the thread's own instructions, which the compiler does not know: hold the sums and an
// A in registers before wgmma_begin, and the sums after wgmma_wait.
template <int kWords, typename Word>
__device__ __forceinline__ void hold(Word (&words)[kWords]) {
#pragma unroll
  for (int i = 0; i < kWords; ++i) {
    if constexpr (std::is_same_v<Word, float>) {
      asm volatile("" : "+f"(words[i])::"memory");
    } else {
      asm volatile("" : "+r"(words[i])::"memory");
    }
  }
}
// Before the first of several products: the sums were written by others than the instruction.
__device__ __forceinline__ void wgmma_begin() {
  WHORL_SM90A("wgmma.fence.sync.aligned;" ::: "memory");
}
__device__ __forceinline__ void wgmma_wait() {
  WHORL_SM90A("wgmma.commit_group.sync.aligned;\n\twgmma.wait_group.sync.aligned 0;" ::: "memory");
}

#define WHORL_EIGHT(kind, n)                                                                  \
  kind(d[n]), kind(d[n + 1]), kind(d[n + 2]), kind(d[n + 3]), kind(d[n + 4]), kind(d[n + 5]), \
      kind(d[n + 6]), kind(d[n + 7])
#define WHORL_32(kind, n)                                                    \
  WHORL_EIGHT(kind, n), WHORL_EIGHT(kind, n + 8), WHORL_EIGHT(kind, n + 16), \
      WHORL_EIGHT(kind, n + 24)
#define WHORL_TO_63                                                                  \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "           \
  "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31, " \
  "%32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, " \
  "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define WHORL_TO_127                                                                     \
  WHORL_TO_63                                                                            \
  ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, "   \
  "%80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, "     \
  "%96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, "     \
  "%110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, " \
  "%124, %125, %126, %127"
#define WHORL_WGMMA(shape_and_types, sums, last, ...)                           \
  WHORL_SM90A(                                                                  \
      "{.reg .pred adds;\n\tsetp.eq.u32 adds, 0, 0;\n\t"                        \
      "wgmma.mma_async.sync.aligned." shape_and_types " {" sums "}, " last ";}" \
      : __VA_ARGS__                                                             \
      : "l"(a), "l"(b)                                                          \
      : "memory")
#define WHORL_WGMMA_256(kind, shape_and_types, last)                                     \
  WHORL_WGMMA(shape_and_types, WHORL_TO_127, "%128, %129, adds" last, WHORL_32(kind, 0), \
              WHORL_32(kind, 32), WHORL_32(kind, 64), WHORL_32(kind, 96))
#define WHORL_WGMMA_128(kind, shape_and_types, last)                                  \
  WHORL_WGMMA(shape_and_types, WHORL_TO_63, "%64, %65, adds" last, WHORL_32(kind, 0), \
              WHORL_32(kind, 32))
__device__ __forceinline__ void wgmma(int (&d)[128], std::uint64_t a, std::uint64_t b) {
  WHORL_WGMMA_256("+r", "m64n256k32.s32.s8.s8", "");
}
__device__ __forceinline__ void wgmma(int (&d)[64], std::uint64_t a, std::uint64_t b) {
  WHORL_WGMMA_128("+r", "m64n128k32.s32.s8.s8", "");
}
// Neither side negated or turned.
__device__ __forceinline__ void wgmma(float (&d)[128], std::uint64_t a, std::uint64_t b) {
  WHORL_WGMMA_256("+f", "m64n256k16.f32.f16.f16", ", 1, 1, 0, 0");
}
__device__ __forceinline__ void wgmma(float (&d)[64], std::uint64_t a, std::uint64_t b) {
  WHORL_WGMMA_128("+f", "m64n128k16.f32.f16.f16", ", 1, 1, 0, 0");
}
#undef WHORL_WGMMA_128
#undef WHORL_WGMMA_256
#undef WHORL_TO_127
#undef WHORL_TO_63
#undef WHORL_WGMMA

// Signless, A in registers, N by the number of sums: 16, 32 or 48.
#define WHORL_WGMMA_U8(n, sums, last, ...)                                                \
  WHORL_SM90A(                                                                            \
      "{.reg .pred adds;\n\tsetp.eq.u32 adds, 0, 0;\n\t"                                  \
      "wgmma.mma_async.sync.aligned.m64n" #n "k32.s32.u8.u8 {" sums "}, " last ", adds;}" \
      : __VA_ARGS__                                                                       \
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b)                                \
      : "memory")
#define WHORL_S8 "%0, %1, %2, %3, %4, %5, %6, %7"
#define WHORL_S16 WHORL_S8 ", %8, %9, %10, %11, %12, %13, %14, %15"
#define WHORL_S24 WHORL_S16 ", %16, %17, %18, %19, %20, %21, %22, %23"
__device__ __forceinline__ void wgmma_u8(int (&d)[8], const unsigned (&a)[4], std::uint64_t b) {
  WHORL_WGMMA_U8(16, WHORL_S8, "{%8, %9, %10, %11}, %12", WHORL_EIGHT("+r", 0));
}
__device__ __forceinline__ void wgmma_u8(int (&d)[16], const unsigned (&a)[4], std::uint64_t b) {
  WHORL_WGMMA_U8(32, WHORL_S16, "{%16, %17, %18, %19}, %20", WHORL_EIGHT("+r", 0),
                 WHORL_EIGHT("+r", 8));
}
__device__ __forceinline__ void wgmma_u8(int (&d)[24], const unsigned (&a)[4], std::uint64_t b) {
  WHORL_WGMMA_U8(48, WHORL_S24, "{%24, %25, %26, %27}, %28", WHORL_EIGHT("+r", 0),
                 WHORL_EIGHT("+r", 8), WHORL_EIGHT("+r", 16));
}
#undef WHORL_S24
#undef WHORL_S16
#undef WHORL_S8
#undef WHORL_WGMMA_U8
#undef WHORL_32
#undef WHORL_EIGHT
#undef WHORL_SM90A

#endif

}  // namespace whorl::kernels::device
