#pragma once
// CUDA's atomics and device intrinsics, one thread at a time. For cuda_runtime.h.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace whorl::emulated {

template <class To, class From>
To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

// The second parameter of an atomic converts to the first's type, as with CUDA's overloads; these
// name fixed types, so std::uint64_t, an unsigned long, is refused here as nvcc refuses it.
template <class T>
struct Same {
  using type = T;
};
template <class T>
using same_t = typename Same<T>::type;
template <class T>
inline constexpr bool kAtomicWord =
    std::is_same_v<T, int> || std::is_same_v<T, unsigned> || std::is_same_v<T, unsigned long long>;

template <class T, class Change>
T change(T* at, Change change_of) {
  static_assert(kAtomicWord<T> || std::is_same_v<T, long long> || std::is_same_v<T, float> ||
                std::is_same_v<T, double>);
  const T old = *at;
  *at = change_of(old);
  return old;
}
template <class T>
T wrapping_sum(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    using Bits = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<Bits>(a) + static_cast<Bits>(b));
  } else {
    return a + b;
  }
}

// Every kBits bits of two words.
template <int kBits, class Choose>
unsigned by_lanes(unsigned a, unsigned b, Choose choose) {
  constexpr unsigned kMask = (1U << kBits) - 1;
  unsigned out = 0;
  for (int at = 0; at < 32; at += kBits) out |= choose(a >> at & kMask, b >> at & kMask) << at;
  return out;
}

}  // namespace whorl::emulated

// CUDA has these as overloads, so that mixed arguments convert; narrower types become int.
#define WHORL_LEAST_AND_MOST(type, left, right)                                \
  constexpr type min(left a, right b) {                                        \
    return static_cast<type>(a) < static_cast<type>(b) ? static_cast<type>(a)  \
                                                       : static_cast<type>(b); \
  }                                                                            \
  constexpr type max(left a, right b) {                                        \
    return static_cast<type>(a) < static_cast<type>(b) ? static_cast<type>(b)  \
                                                       : static_cast<type>(a); \
  }
#define WHORL_LEAST_AND_MOST_OF_PAIR(type, other) \
  WHORL_LEAST_AND_MOST(type, type, type)          \
  WHORL_LEAST_AND_MOST(other, other, other)       \
  WHORL_LEAST_AND_MOST(type, type, other)         \
  WHORL_LEAST_AND_MOST(type, other, type)
WHORL_LEAST_AND_MOST_OF_PAIR(unsigned, int)
WHORL_LEAST_AND_MOST_OF_PAIR(unsigned long, long)
WHORL_LEAST_AND_MOST_OF_PAIR(unsigned long long, long long)
WHORL_LEAST_AND_MOST_OF_PAIR(double, float)
#undef WHORL_LEAST_AND_MOST_OF_PAIR
#undef WHORL_LEAST_AND_MOST

template <class T>
T atomicAdd(T* at, whorl::emulated::same_t<T> value) {
  static_assert(!std::is_same_v<T, long long>);
  return whorl::emulated::change(
      at, [=](T old) { return whorl::emulated::wrapping_sum<T>(old, value); });
}
template <class T>
T atomicSub(T* at, whorl::emulated::same_t<T> value) {
  static_assert(std::is_same_v<T, int> || std::is_same_v<T, unsigned>);
  return whorl::emulated::change(at, [=](T old) {
    return static_cast<T>(static_cast<unsigned>(old) - static_cast<unsigned>(value));
  });
}
template <class T>
T atomicMax(T* at, whorl::emulated::same_t<T> value) {
  static_assert(std::is_integral_v<T>);
  return whorl::emulated::change(at, [=](T old) { return old < value ? value : old; });
}
template <class T>
T atomicMin(T* at, whorl::emulated::same_t<T> value) {
  static_assert(std::is_integral_v<T>);
  return whorl::emulated::change(at, [=](T old) { return value < old ? value : old; });
}
template <class T>
T atomicOr(T* at, whorl::emulated::same_t<T> value) {
  static_assert(whorl::emulated::kAtomicWord<T>);
  return whorl::emulated::change(at, [=](T old) { return old | value; });
}
template <class T>
T atomicAnd(T* at, whorl::emulated::same_t<T> value) {
  static_assert(whorl::emulated::kAtomicWord<T>);
  return whorl::emulated::change(at, [=](T old) { return old & value; });
}
template <class T>
T atomicXor(T* at, whorl::emulated::same_t<T> value) {
  static_assert(whorl::emulated::kAtomicWord<T>);
  return whorl::emulated::change(at, [=](T old) { return old ^ value; });
}
template <class T>
T atomicExch(T* at, whorl::emulated::same_t<T> value) {
  static_assert(whorl::emulated::kAtomicWord<T> || std::is_same_v<T, float>);
  return whorl::emulated::change(at, [=](T) { return value; });
}
template <class T>
T atomicCAS(T* at, whorl::emulated::same_t<T> expected, whorl::emulated::same_t<T> value) {
  static_assert(whorl::emulated::kAtomicWord<T>);
  return whorl::emulated::change(at, [=](T old) { return old == expected ? value : old; });
}

inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __ffsll(long long v) { return __builtin_ffsll(v); }
inline int __clz(int v) { return v == 0 ? 32 : __builtin_clz(static_cast<unsigned>(v)); }
inline int __clzll(long long v) {
  return v == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(v));
}
inline unsigned __brev(unsigned v) {
  unsigned turned = 0;
  for (int b = 0; b < 32; ++b) turned |= (v >> b & 1U) << (31 - b);
  return turned;
}
inline unsigned __byte_perm(unsigned a, unsigned b, unsigned select) {
  const std::uint64_t both = std::uint64_t{b} << 32U | a;
  unsigned out = 0;
  for (int k = 0; k < 4; ++k) {
    const unsigned source = select >> (4 * k) & 7U;
    out |= static_cast<unsigned>(both >> (8 * source) & 0xFFU) << (8 * k);
  }
  return out;
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((std::uint64_t{high} << 32U | low) << (by & 31U) >> 32U);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by) {
  return static_cast<unsigned>((std::uint64_t{high} << 32U | low) >> (by & 31U));
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>(std::uint64_t{a} * b >> 32U);
}
inline int __mulhi(int a, int b) { return static_cast<int>(std::int64_t{a} * b >> 32); }
inline int __dp4a(int a, int b, int sum) {
  for (int k = 0; k < 4; ++k) {
    sum = whorl::emulated::wrapping_sum(
        sum, static_cast<std::int8_t>(a >> (8 * k)) * static_cast<std::int8_t>(b >> (8 * k)));
  }
  return sum;
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned sum) {
  for (int k = 0; k < 4; ++k) sum += (a >> (8 * k) & 0xFFU) * (b >> (8 * k) & 0xFFU);
  return sum;
}
inline unsigned __vminu2(unsigned a, unsigned b) {
  return whorl::emulated::by_lanes<16>(a, b, [](unsigned x, unsigned y) { return min(x, y); });
}
inline unsigned __vmaxu2(unsigned a, unsigned b) {
  return whorl::emulated::by_lanes<16>(a, b, [](unsigned x, unsigned y) { return max(x, y); });
}
inline unsigned __vminu4(unsigned a, unsigned b) {
  return whorl::emulated::by_lanes<8>(a, b, [](unsigned x, unsigned y) { return min(x, y); });
}
inline unsigned __vmaxu4(unsigned a, unsigned b) {
  return whorl::emulated::by_lanes<8>(a, b, [](unsigned x, unsigned y) { return max(x, y); });
}
template <class T>
T __ldg(const T* at) {
  return *at;
}
inline long long clock64() {
  return static_cast<long long>(std::chrono::steady_clock::now().time_since_epoch().count());
}

// Never fused with what stands around them: compile with -ffp-contract=off.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return std::fma(a, b, c); }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __int2float_rn(int v) { return static_cast<float>(v); }
inline float __uint2float_rn(unsigned v) { return static_cast<float>(v); }

namespace whorl::emulated {
// Out of range to the nearest, NaN to 0.
inline int clamped_int(float whole) {
  if (std::isnan(whole)) return 0;
  if (whole >= 2147483648.0F) return 2147483647;
  return whole <= -2147483648.0F ? -2147483647 - 1 : static_cast<int>(whole);
}
}  // namespace whorl::emulated
inline int __float2int_rn(float v) { return whorl::emulated::clamped_int(std::nearbyint(v)); }
inline int __float2int_rd(float v) { return whorl::emulated::clamped_int(std::floor(v)); }
inline int __float2int_ru(float v) { return whorl::emulated::clamped_int(std::ceil(v)); }
inline int __float2int_rz(float v) { return whorl::emulated::clamped_int(std::trunc(v)); }
inline float __int_as_float(int v) { return whorl::emulated::same_bits<float>(v); }
inline int __float_as_int(float v) { return whorl::emulated::same_bits<int>(v); }
inline float __uint_as_float(unsigned v) { return whorl::emulated::same_bits<float>(v); }
inline unsigned __float_as_uint(float v) { return whorl::emulated::same_bits<unsigned>(v); }
