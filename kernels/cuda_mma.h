#pragma once
// The tensor cores' instructions, each by a whole warp: d += A B, with A [16, K] by rows, B [K, 8]
// by columns and d [16, 8]. A register holds 32 bits of K: 2 halves, 4 bytes or 32 single bits, the
// first lowest. With w of them in a register, lane 4 g + t holds
//   a[0]  of row g      columns w t .. w t + w - 1     a[2]  the same, K / 2 further
//   a[1]  of row g + 8  the same columns               a[3]  the same, K / 2 further
//   b[0]  of column g   rows w t .. w t + w - 1        b[1]  the same, K / 2 further
//   d[0], d[1]  of row g      columns 2 t and 2 t + 1
//   d[2], d[3]  of row g + 8  the same columns
// For .cu files alone. Compute capability 8.0; a trap below it, which callers keep away from.
// Source: NVIDIA, PTX ISA 9.0, "Matrix Fragments for mma.m16n8k32" and those of m16n8k16 with
// floating point type and m16n8k256.

#include <cuda_runtime.h>

namespace whorl::kernels::device {

#if defined(WHORL_EMULATED_CUDA)
#define WHORL_MMA(unit, letter, instruction) emulated::multiply<emulated::unit>(d, a, b)
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#define WHORL_MMA(unit, letter, instruction) __trap()
#else
#define WHORL_MMA(unit, letter, instruction)                                            \
  asm volatile("mma.sync.aligned." instruction                                          \
               " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"       \
               : "+" letter(d[0]), "+" letter(d[1]), "+" letter(d[2]), "+" letter(d[3]) \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#endif

__device__ __forceinline__ void mma_m16n8k32_u8(int (&d)[4], const unsigned (&a)[4],
                                                const unsigned (&b)[2]) {
  WHORL_MMA(UnsignedBytes, "r", "m16n8k32.row.col.s32.u8.u8.s32");
}
__device__ __forceinline__ void mma_m16n8k32_s8(int (&d)[4], const unsigned (&a)[4],
                                                const unsigned (&b)[2]) {
  WHORL_MMA(SignedBytes, "r", "m16n8k32.row.col.s32.s8.s8.s32");
}
// d += the bits that both have.
__device__ __forceinline__ void mma_m16n8k256_b1_and(int (&d)[4], const unsigned (&a)[4],
                                                     const unsigned (&b)[2]) {
  WHORL_MMA(SingleBits, "r", "m16n8k256.row.col.s32.b1.b1.s32.and.popc");
}
// In an order and with a rounding of the device's own: exact only where every sum is.
__device__ __forceinline__ void mma_m16n8k16_f16(float (&d)[4], const unsigned (&a)[4],
                                                 const unsigned (&b)[2]) {
  WHORL_MMA(Halves, "f", "m16n8k16.row.col.f32.f16.f16.f32");
}
#undef WHORL_MMA

}  // namespace whorl::kernels::device
