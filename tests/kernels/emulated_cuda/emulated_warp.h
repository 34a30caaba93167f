#pragma once
// What CUDA's threads say to each other: barriers, shuffles, votes, sums of a warp. For
// cuda_runtime.h. A mask that names a lane that has ended is a deadlock here; CUDA lets it pass.

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "emulated_threads.h"

inline void __syncthreads() { whorl::emulated::barrier(); }
inline void __syncwarp(unsigned mask = 0xFFFFFFFFU) {
  whorl::emulated::meet("__syncwarp", mask, nullptr, nullptr);
}
inline void __threadfence() {}
inline void __threadfence_block() {}
inline void __threadfence_system() {}
[[noreturn]] inline void __trap() { __builtin_trap(); }

namespace whorl::emulated {

template <class T, class... Types>
inline constexpr bool kOneOf = (std::is_same_v<T, Types> || ...);

template <class T>
struct Sent {
  T value;
  int from;
};
template <class T>
void deliver(const Values& values, unsigned mask) {
  Sent<T> sent[kWarpLanes];
  std::memset(static_cast<void*>(sent), 0xCD, sizeof(sent));  // CUDA: undefined from other lanes
  for (int l = 0; l < kWarpLanes; ++l) {
    if ((mask >> l & 1U) != 0) sent[l] = *static_cast<Sent<T>*>(values[l]);
  }
  for (int l = 0; l < kWarpLanes; ++l) {
    if ((mask >> l & 1U) != 0) static_cast<Sent<T>*>(values[l])->value = sent[sent[l].from].value;
  }
}
// T after CUDA's overloads: bool, short and the like become int.
template <class T>
auto shuffle(const char* what, unsigned mask, T value, int from) {
  using Word = decltype(+value);
  static_assert(kOneOf<Word, int, unsigned, long, unsigned long, long long, unsigned long long,
                       float, double>);
  Sent<Word> sent{value, from};
  meet(what, mask, &sent, deliver<Word>);
  return sent.value;
}
inline int first_of_segment(int width) { return lane() & ~(width - 1); }

inline unsigned vote(const char* what, unsigned mask, bool yes) {
  unsigned said = yes ? 1 : 0;
  meet(what, mask, &said, [](const Values& values, unsigned lanes) {
    unsigned all = 0;
    for (int l = 0; l < kWarpLanes; ++l) {
      if ((lanes >> l & 1U) != 0) all |= *static_cast<unsigned*>(values[l]) << l;
    }
    for (int l = 0; l < kWarpLanes; ++l) {
      if ((lanes >> l & 1U) != 0) *static_cast<unsigned*>(values[l]) = all;
    }
  });
  return said;
}

template <class Operation, class T>
T reduce(const char* what, unsigned mask, T value) {
  static_assert(kOneOf<T, int, unsigned>);
  meet(what, mask, &value, [](const Values& values, unsigned lanes) {
    const int first = __builtin_ctz(lanes);
    T all = *static_cast<T*>(values[first]);
    for (int l = first + 1; l < kWarpLanes; ++l) {
      if ((lanes >> l & 1U) != 0) all = Operation()(all, *static_cast<T*>(values[l]));
    }
    for (int l = first; l < kWarpLanes; ++l) {
      if ((lanes >> l & 1U) != 0) *static_cast<T*>(values[l]) = all;
    }
  });
  return value;
}
struct Sum {
  template <class T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<unsigned>(a) + static_cast<unsigned>(b));
  }
};
struct Greatest {
  template <class T>
  T operator()(T a, T b) const {
    return std::max(a, b);
  }
};
struct Least {
  template <class T>
  T operator()(T a, T b) const {
    return std::min(a, b);
  }
};

}  // namespace whorl::emulated

template <class T>
auto __shfl_sync(unsigned mask, T value, int from, int width = 32) {
  const int source = whorl::emulated::first_of_segment(width) | (from & (width - 1));
  return whorl::emulated::shuffle("__shfl_sync", mask, value, source);
}
template <class T>
auto __shfl_xor_sync(unsigned mask, T value, int by, int width = 32) {
  const int own = whorl::emulated::lane(), source = own ^ by;
  const bool later = source >= whorl::emulated::first_of_segment(width) + width;
  return whorl::emulated::shuffle("__shfl_xor_sync", mask, value, later ? own : source);
}
template <class T>
auto __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {
  const int own = whorl::emulated::lane(), source = own + static_cast<int>(by);
  const bool later = source >= whorl::emulated::first_of_segment(width) + width;
  return whorl::emulated::shuffle("__shfl_down_sync", mask, value, later ? own : source);
}
template <class T>
auto __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {
  const int own = whorl::emulated::lane(), source = own - static_cast<int>(by);
  const bool earlier = source < whorl::emulated::first_of_segment(width);
  return whorl::emulated::shuffle("__shfl_up_sync", mask, value, earlier ? own : source);
}

inline unsigned __ballot_sync(unsigned mask, int yes) {
  return whorl::emulated::vote("__ballot_sync", mask, yes != 0);
}
inline int __any_sync(unsigned mask, int yes) {
  return whorl::emulated::vote("__any_sync", mask, yes != 0) != 0;
}
inline int __all_sync(unsigned mask, int yes) {
  return whorl::emulated::vote("__all_sync", mask, yes != 0) == mask;
}

template <class T>
T __reduce_add_sync(unsigned mask, T value) {
  return whorl::emulated::reduce<whorl::emulated::Sum>("__reduce_add_sync", mask, value);
}
template <class T>
T __reduce_max_sync(unsigned mask, T value) {
  return whorl::emulated::reduce<whorl::emulated::Greatest>("__reduce_max_sync", mask, value);
}
template <class T>
T __reduce_min_sync(unsigned mask, T value) {
  return whorl::emulated::reduce<whorl::emulated::Least>("__reduce_min_sync", mask, value);
}
