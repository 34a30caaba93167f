#pragma once
// The matrix instructions of kernels/cuda_mma.h, which says what each lane holds. For
// cuda_runtime.h.

#include <cmath>
#include <cstdint>

#include "emulated_threads.h"

namespace whorl::emulated {

// What a register's 32 bits are, how two elements multiply, and what products are added up in.
template <class Byte>
struct Bytes {
  using Element = std::int16_t;
  using Sum = int;
  static constexpr int kElements = 4;
  static Element element(unsigned word, int k) { return static_cast<Byte>(word >> (8 * k)); }
  static Sum product(Element a, Element b) { return a * b; }
};
using UnsignedBytes = Bytes<std::uint8_t>;
using SignedBytes = Bytes<std::int8_t>;
struct SingleBits {  // all 32 at once
  using Element = unsigned;
  using Sum = int;
  static constexpr int kElements = 1;
  static Element element(unsigned word, int) { return word; }
  static Sum product(Element a, Element b) { return __builtin_popcount(a & b); }
};
struct Halves {
  using Element = double;
  using Sum = double;
  static constexpr int kElements = 2;
  static Element element(unsigned word, int k) {
    const unsigned half = word >> (16 * k);
    const int exponent = static_cast<int>(half >> 10 & 0x1FU);
    const int fraction = static_cast<int>(half & 0x3FFU);
    double size =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 0x400, exponent - 25);
    if (exponent == 0x1F) size = fraction == 0 ? HUGE_VAL : std::nan("");
    return (half >> 15 & 1U) != 0 ? -size : size;
  }
  static Sum product(Element a, Element b) { return a * b; }
};

template <class T>
struct Fragments {
  T d[4];
  unsigned a[4], b[2];
};
inline int wrapping_add(int a, int b) {
  return static_cast<int>(static_cast<unsigned>(a) + static_cast<unsigned>(b));
}
inline float wrapping_add(float a, double b) { return static_cast<float>(a + b); }

// Both matrices are unpacked first, so that compilers make vectors of the products. Their elements
// stand in the order in which the lanes of a group hold them, the same for both.
template <class Unit, class T>
void multiply_all(const Values& values, unsigned) {
  constexpr int n = Unit::kElements, kDepth = 8 * n;
  typename Unit::Element a[16][kDepth], b[8][kDepth];
  for (int l = 0; l < kWarpLanes; ++l) {
    const Fragments<T>& lane = *static_cast<const Fragments<T>*>(values[l]);
    const int group = l / 4, at = l % 4 * 2 * n;
    for (int k = 0; k < 2 * n; ++k) {
      a[group][at + k] = Unit::element(lane.a[k / n * 2], k % n);
      a[group + 8][at + k] = Unit::element(lane.a[k / n * 2 + 1], k % n);
      b[group][at + k] = Unit::element(lane.b[k / n], k % n);
    }
  }
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      typename Unit::Sum sum = 0;
      for (int k = 0; k < kDepth; ++k) sum += Unit::product(a[row][k], b[column][k]);
      auto& lane = *static_cast<Fragments<T>*>(values[row % 8 * 4 + column / 2]);
      T& d = lane.d[row / 8 * 2 + column % 2];
      d = wrapping_add(d, sum);
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
