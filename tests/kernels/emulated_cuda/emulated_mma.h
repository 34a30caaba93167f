#pragma once
// The matrix instructions of kernels/cuda_mma.h, which says what each lane holds. For
// cuda_runtime.h.

#include <cmath>
#include <cstdint>

#include "emulated_threads.h"

namespace whorl::emulated {

// How one product of a register's 32 bits is taken, and what it is added up in.
struct UnsignedBytes {
  using Sum = std::int64_t;
  static Sum dot(unsigned a, unsigned b) {
    Sum sum = 0;
    for (int k = 0; k < 32; k += 8) sum += (a >> k & 0xFFU) * (b >> k & 0xFFU);
    return sum;
  }
};
struct SignedBytes {
  using Sum = std::int64_t;
  static Sum dot(unsigned a, unsigned b) {
    Sum sum = 0;
    for (int k = 0; k < 32; k += 8) {
      sum += static_cast<std::int8_t>(a >> k) * static_cast<std::int8_t>(b >> k);
    }
    return sum;
  }
};
struct SingleBits {
  using Sum = std::int64_t;
  static Sum dot(unsigned a, unsigned b) { return __builtin_popcount(a & b); }
};
struct Halves {
  using Sum = double;
  static double value(unsigned half) {
    const int exponent = static_cast<int>(half >> 10 & 0x1FU);
    const int fraction = static_cast<int>(half & 0x3FFU);
    double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25);
    if (exponent == 0x1F) size = fraction == 0 ? HUGE_VAL : std::nan("");
    return (half >> 15 & 1U) != 0 ? -size : size;
  }
  static Sum dot(unsigned a, unsigned b) {
    return value(a & 0xFFFFU) * value(b & 0xFFFFU) + value(a >> 16) * value(b >> 16);
  }
};

template <class T>
struct Fragments {
  T d[4];
  unsigned a[4], b[2];
};
template <class Unit, class T>
void multiply_all(const Values& values, unsigned) {
  const auto of_lane = [&](int l) -> Fragments<T>& {
    return *static_cast<Fragments<T>*>(values[l]);
  };
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      T& d = of_lane(row % 8 * 4 + column / 2).d[row / 8 * 2 + column % 2];
      typename Unit::Sum sum = d;
      for (int t = 0; t < 4; ++t) {
        const Fragments<T>&left = of_lane(row % 8 * 4 + t), &right = of_lane(column * 4 + t);
        for (int half = 0; half < 2; ++half) {
          sum += Unit::dot(left.a[2 * half + row / 8], right.b[half]);
        }
      }
      d = static_cast<T>(sum);
    }
  }
}

template <class Unit, class T>
void multiply(T (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  Fragments<T> own{{d[0], d[1], d[2], d[3]}, {a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  meet("mma.sync", 0xFFFFFFFFU, &own, multiply_all<Unit, T>);
  for (int k = 0; k < 4; ++k) d[k] = own.d[k];
}

}  // namespace whorl::emulated
