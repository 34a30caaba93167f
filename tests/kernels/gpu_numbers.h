#pragma once
// The small whole numbers of the matrices that are multiplied to measure rates, how each kind of
// code writes them, and so what every sum must be. For .cu files alone.

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/face_rows_cuda.h"

namespace whorl::kernels::device {

// Anything but constant, which devices multiply with less power and a higher clock.
WHORL_HOST_DEVICE inline int small_number(unsigned matrix, unsigned row, unsigned column) {
  unsigned mixed = (matrix * 8191U + row * 131U + column + 1) * 2654435761U;
  mixed ^= mixed >> 15U;
  mixed *= 2246822519U;
  return static_cast<int>(mixed >> 28U) - 8;
}

struct ByteNumbers {
  using Dot = int;
  static constexpr int kPerWord = 4;
  WHORL_HOST_DEVICE static unsigned code_of(int number) {
    return static_cast<unsigned>(number) & 0xFFU;
  }
  WHORL_HOST_DEVICE static int product(int a, int b) { return a * b; }
  __device__ __forceinline__ static void multiply(int (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k32_s8(d, a, b);
  }
};
struct HalfNumbers {
  using Dot = float;
  static constexpr int kPerWord = 2;
  WHORL_HOST_DEVICE static unsigned code_of(int number) {
    return FaceHalves::code_of(static_cast<float>(number), 1);
  }
  WHORL_HOST_DEVICE static int product(int a, int b) { return a * b; }
  __device__ __forceinline__ static void multiply(float (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k16_f16(d, a, b);
  }
};
struct BitNumbers {
  using Dot = int;
  static constexpr int kPerWord = 32;
  WHORL_HOST_DEVICE static unsigned code_of(int number) {
    return static_cast<unsigned>(number) & 1U;
  }
  WHORL_HOST_DEVICE static int product(int a, int b) { return a & b & 1; }
  __device__ __forceinline__ static void multiply(int (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k256_b1_and(d, a, b);
  }
};

// Numbers column .. column + kPerWord - 1 of a row.
template <class Numbers>
WHORL_HOST_DEVICE unsigned word_of(unsigned matrix, unsigned row, unsigned column) {
  constexpr unsigned kBits = 32U / Numbers::kPerWord;
  unsigned word = 0;
  for (unsigned k = 0; k < Numbers::kPerWord; ++k)
    word |= Numbers::code_of(small_number(matrix, row, column + k)) << (kBits * k);
  return word;
}
// Of row `row` of matrix 0 and row `column` of another.
template <class Numbers>
int dot_of(unsigned row, unsigned other, unsigned column, unsigned depth) {
  int sum = 0;
  for (unsigned k = 0; k < depth; ++k)
    sum += Numbers::product(small_number(0, row, k), small_number(other, column, k));
  return sum;
}

}  // namespace whorl::kernels::device
