#pragma once
// The small whole numbers of the matrices that are multiplied to measure rates, how each kind of
// code writes them, and so what every sum must be. For .cu files alone.

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cuda_launch.h"
#include "kernels/face_rows_cuda.h"

namespace whorl::kernels::device {

// Anything but constant, which devices multiply with less power and a higher clock.
WHORL_HOST_DEVICE inline unsigned random_word(unsigned matrix, unsigned row, unsigned column) {
  unsigned mixed = (matrix * 8191U + row * 131U + column + 1) * 2654435761U;
  mixed ^= mixed >> 15U;
  mixed *= 2246822519U;
  return mixed ^ mixed >> 13U;
}

// -8 .. 7, which bytes and halves both hold.
template <class Codes>
struct SmallNumbers : Codes {
  WHORL_HOST_DEVICE static int number(unsigned matrix, unsigned row, unsigned column) {
    return static_cast<int>(random_word(matrix, row, column) >> 28U) - 8;
  }
  // Numbers column .. column + kPerWord - 1.
  WHORL_HOST_DEVICE static unsigned word(unsigned matrix, unsigned row, unsigned column) {
    constexpr unsigned kBits = 32U / Codes::kPerWord;
    unsigned all = 0;
    for (unsigned k = 0; k < Codes::kPerWord; ++k) {
      const auto code = static_cast<unsigned>(
          Codes::code_of(static_cast<float>(number(matrix, row, column + k)), 1));
      all |= (code & ((1U << kBits) - 1)) << (kBits * k);
    }
    return all;
  }
};
using ByteNumbers = SmallNumbers<ByteCodes>;
using HalfNumbers = SmallNumbers<HalfCodes>;

struct BitNumbers {
  using Dot = int;
  static constexpr int kPerWord = 32;
  WHORL_HOST_DEVICE static unsigned word(unsigned matrix, unsigned row, unsigned column) {
    return random_word(matrix, row, column / kPerWord);
  }
  WHORL_HOST_DEVICE static int number(unsigned matrix, unsigned row, unsigned column) {
    return static_cast<int>(word(matrix, row, column) >> column % kPerWord & 1U);
  }
  __device__ __forceinline__ static void multiply(int (&d)[4], const unsigned (&a)[4],
                                                  const unsigned (&b)[2]) {
    mma_m16n8k256_b1_and(d, a, b);
  }
};

// Of row `row` of matrix 0 and row `column` of another.
template <class Numbers>
int dot_of(unsigned row, unsigned other, unsigned column, unsigned depth) {
  int sum = 0;
  for (unsigned k = 0; k < depth; ++k)
    sum += Numbers::number(0, row, k) * Numbers::number(other, column, k);
  return sum;
}

// Unit vectors of one sign as halves: what is cut off their sums adds up. [count, size]
inline std::vector<std::uint16_t> unit_halves(int count, int size) {
  std::vector<std::uint16_t> all;
  for (int v = 0; v < count; ++v) {
    double squares = 0;
    std::vector<double> one;
    for (int d = 0; d < size; ++d) {
      const unsigned word = random_word(9, static_cast<unsigned>(v), static_cast<unsigned>(d));
      one.push_back(static_cast<double>(word) + 1);
      squares += one.back() * one.back();
    }
    for (const double number : one) {
      all.push_back(FaceHalves::code_of(static_cast<float>(number / std::sqrt(squares)), 1));
    }
  }
  return all;
}
// The sums [told.size()] that one thread block makes of them.
inline Status add_up_halves(void (*kernel)(const unsigned*, int, float*), int threads,
                            std::size_t shared_bytes, const std::vector<std::uint16_t>& halves,
                            int size, std::vector<float>& told) {
  const auto count = static_cast<std::int64_t>(told.size());
  Stream stream;
  DeviceArray<std::uint16_t> there;
  DeviceArray<float> sums;
  WHORL_STATUS_TRY(stream.open());
  WHORL_STATUS_TRY(
      there.copy_from(halves.data(), static_cast<std::int64_t>(halves.size()), stream.get()));
  WHORL_STATUS_TRY(sums.reserve(count));
  WHORL_STATUS_TRY(launch(kernel, dim3(1), threads, shared_bytes, stream.get(),
                          reinterpret_cast<const unsigned*>(there.data()), size, sums.data()));
  WHORL_STATUS_TRY(sums.copy_to(told.data(), count, stream.get()));
  return stream.wait();
}
// How far a device's sum is from that of rows `a` and `b`, as a share of what the bounds allow.
inline double share_of_slack(const std::vector<std::uint16_t>& halves, int size, int a, int b,
                             float told) {
  double sum = 0;
  for (int d = 0; d < size; ++d) {
    sum += FaceHalves::number_of(halves[static_cast<std::size_t>(a * size + d)], 1) *
           FaceHalves::number_of(halves[static_cast<std::size_t>(b * size + d)], 1);
  }
  return std::abs(static_cast<double>(told) - sum) /
         static_cast<double>(FaceHalves::dot_slack(size));
}

}  // namespace whorl::kernels::device
