#pragma once
// The first half of kernels/print_comparison.h by one warp: which minutiae are paired, and how well
// the pairs support each other. Lane t has pair t. For .cu files alone; needs code without fused
// multiply-add.

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/cuda_warp.h"
#include "kernels/print_comparison.h"

namespace whorl::kernels::device {

struct PrintsOnDevice {
  const ComparedPrint* prints;
  const ComparedMinutia* minutiae;
  const std::int8_t* vectors;
  const comparison::Point* corners;
};
struct DevicePrint {
  const ComparedMinutia* minutiae;
  const uint4* vectors;  // [size, kVectorChunks]
  const comparison::Point* corners;
  int size, corner_count;
  float bare_share;
};
constexpr int kVectorChunks = kVectorSize / static_cast<int>(sizeof(uint4));

__device__ __forceinline__ DevicePrint print_of(const PrintsOnDevice& batch, int number) {
  const ComparedPrint print = batch.prints[number];
  const std::int8_t* vectors = batch.vectors + std::int64_t{print.first_minutia} * kVectorSize;
  return {batch.minutiae + print.first_minutia,
          reinterpret_cast<const uint4*>(vectors),
          batch.corners + print.first_corner,
          print.minutiae,
          print.corners,
          print.bare_share};
}

// The pair's minutiae have numbers below 256, so a product and a number are one word.
static_assert(kMaxComparedMinutiae <= 256 && 2 * comparison::kFullProduct < 1 << 23);
constexpr unsigned kNoPair = ~0U;

struct PairScratch {
  unsigned keys[kMaxComparedMinutiae];            // of each first minutia: its best free partner's
  unsigned taken[kMaxComparedMinutiae / 32];      // a bit a second minutia
  float bonds[comparison::kMaxPairs][kWarp + 1];  // [from, to]
};
// Best supported first.
struct RankedPairs {
  std::uint8_t first[comparison::kMaxPairs], second[comparison::kMaxPairs];
  float relaxed[comparison::kMaxPairs];
};

__device__ __forceinline__ unsigned least_of_warp(unsigned value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  return __reduce_min_sync(kAllLanes, value);
#else
  for (int step = kWarp / 2; step > 0; step /= 2)
    value = min(value, __shfl_xor_sync(kAllLanes, value, step));
  return value;
#endif
}
__device__ __forceinline__ bool has_bit(const unsigned* bits, int at) {
  return (bits[at / 32] >> at % 32 & 1U) != 0;
}

class WarpPairs {
 public:
  __device__ WarpPairs(const DevicePrint& first, const DevicePrint& second,
                       const comparison::ComparisonTables& tables, PairScratch& scratch)
      : first_(first), second_(second), tables_(tables), scratch_(scratch) {}

  // How many there are, and the support. All lanes together, as everything here.
  __device__ int find(RankedPairs& ranked, float& support) {
    choose();
    relax(ranked);
    const int counted = comparison::counted_pairs(min(first_.size, second_.size), tables_);
    support = 0;
    for (int i = 0; i < min(counted, pairs_); ++i) support += ranked.relaxed[i];
    support /= static_cast<float>(counted);
    return pairs_;
  }

  __device__ static int product(const DevicePrint& first, int a, const DevicePrint& second, int b) {
    uint4 vector[kVectorChunks];
    load(second, b, vector);
    return product_with(vector, first, a);
  }

 private:
  __device__ static void load(const DevicePrint& print, int m, uint4 (&vector)[kVectorChunks]) {
#pragma unroll
    for (int c = 0; c < kVectorChunks; ++c) vector[c] = print.vectors[m * kVectorChunks + c];
  }
  __device__ static int product_with(const uint4 (&vector)[kVectorChunks], const DevicePrint& print,
                                     int m) {
    int sum = 0;
#pragma unroll
    for (int c = 0; c < kVectorChunks; ++c) {
      const uint4 other = print.vectors[m * kVectorChunks + c];
      sum = __dp4a(static_cast<int>(vector[c].x), static_cast<int>(other.x), sum);
      sum = __dp4a(static_cast<int>(vector[c].y), static_cast<int>(other.y), sum);
      sum = __dp4a(static_cast<int>(vector[c].z), static_cast<int>(other.z), sum);
      sum = __dp4a(static_cast<int>(vector[c].w), static_cast<int>(other.w), sum);
    }
    return sum;
  }
  __device__ unsigned key_of(int product, int a, int b) const {
    if (product < comparison::kLeastProduct ||
        !comparison::within_gate(first_.minutiae[a].steps, second_.minutiae[b].steps,
                                 comparison::kUprightGateSteps))
      return kNoPair;
    return static_cast<unsigned>(2 * comparison::kFullProduct - product) << 8U |
           static_cast<unsigned>(b);
  }

  // The best of what is left, by likeness and then by numbers, until nothing is. What each first
  // minutia likes best is found anew only when somebody else took it.
  __device__ void choose() {
    const int lane = lane_of_warp();
    prefer();
    pairs_ = 0;
    while (pairs_ < comparison::kMaxPairs) {
      unsigned best = kNoPair;
      for (int a = lane; a < first_.size; a += kWarp) {
        const unsigned key = scratch_.keys[a];
        if (key != kNoPair) best = min(best, (key & ~0xFFU) | static_cast<unsigned>(a));
      }
      best = least_of_warp(best);
      if (best == kNoPair) break;
      const int a = static_cast<int>(best & 0xFFU);
      const int b = static_cast<int>(scratch_.keys[a] & 0xFFU);
      if (lane == pairs_) {
        own_first_ = a, own_second_ = b;
        similarity_ =
            comparison::cosine_of(2 * comparison::kFullProduct - static_cast<int>(best >> 8U));
      }
      ++pairs_;
      __syncwarp();
      if (lane == 0) {
        scratch_.keys[a] = kNoPair;
        scratch_.taken[b / 32] |= 1U << b % 32;
      }
      __syncwarp();
      prefer_again(b);
    }
  }
  __device__ void prefer() {
    const int lane = lane_of_warp();
    for (int a = lane; a < kMaxComparedMinutiae; a += kWarp) scratch_.keys[a] = kNoPair;
    if (lane < kMaxComparedMinutiae / 32) scratch_.taken[lane] = 0;
    __syncwarp();
    for (int from = 0; from < second_.size; from += kWarp) {
      const int b = min(from + lane, second_.size - 1);
      uint4 vector[kVectorChunks];
      load(second_, b, vector);
      for (int a = 0; a < first_.size; ++a) {
        const unsigned key = least_of_warp(
            from + lane == b ? key_of(product_with(vector, first_, a), a, b) : kNoPair);
        if (lane == 0) scratch_.keys[a] = min(scratch_.keys[a], key);
      }
    }
    __syncwarp();
  }
  // For those that liked `gone` best.
  __device__ void prefer_again(int gone) {
    const int lane = lane_of_warp();
    for (int from = 0; from < first_.size; from += kWarp) {
      const int own = from + lane;
      const unsigned liked = own < first_.size ? scratch_.keys[own] : kNoPair;
      const bool lost = liked != kNoPair && static_cast<int>(liked & 0xFFU) == gone;
      for (unsigned all = __ballot_sync(kAllLanes, lost); all != 0; all &= all - 1) {
        const int a = from + __ffs(static_cast<int>(all)) - 1;
        unsigned best = kNoPair;
        for (int b = lane; b < second_.size; b += kWarp) {
          if (!has_bit(scratch_.taken, b))
            best = min(best, key_of(product(first_, a, second_, b), a, b));
        }
        best = least_of_warp(best);
        __syncwarp();
        if (lane == 0) scratch_.keys[a] = best;
        __syncwarp();
      }
    }
  }

  // What pair k gives to this lane's.
  __device__ float bond_from(int other_first, int other_second) const {
    const ComparedMinutia &a = first_.minutiae[own_first_], &b = second_.minutiae[own_second_];
    const ComparedMinutia &c = first_.minutiae[other_first], &d = second_.minutiae[other_second];
    const int turn = comparison::turn_between(a.steps, b.steps);
    const int apart =
        abs(comparison::turn_between(turn, comparison::turn_between(c.steps, d.steps)));
    if (apart > comparison::kMaxTurnSteps) return 0;
    return comparison::bond(c.at - a.at, d.at - b.at, turn, apart, tables_);
  }

  __device__ void relax(RankedPairs& ranked) {
    const int lane = lane_of_warp();
    const bool real = lane < pairs_;
    float relaxed = similarity_, efficiency = 0;
    if (pairs_ >= 2) {
      for (int k = 0; k < pairs_; ++k) {
        const int first = __shfl_sync(kAllLanes, own_first_, k);
        const int second = __shfl_sync(kAllLanes, own_second_, k);
        scratch_.bonds[k][lane] = real && k != lane ? bond_from(first, second) : 0;
      }
      const auto voters =
          static_cast<float>(max(min(first_.size, second_.size) - 1, comparison::kLeastVoters));
      for (int round = 0; round < comparison::kRounds; ++round) {
        float received = 0;
        for (int k = 0; k < pairs_; ++k)
          received += scratch_.bonds[k][lane] * __shfl_sync(kAllLanes, relaxed, k);
        relaxed = comparison::kKeep * relaxed + (1 - comparison::kKeep) * received / voters;
      }
      efficiency = relaxed / similarity_;
    }
    int place = 0;
    for (int k = 0; k < pairs_; ++k) {
      const float other = __shfl_sync(kAllLanes, efficiency, k);
      const int first = __shfl_sync(kAllLanes, own_first_, k);
      place += other > efficiency || (other == efficiency && first < own_first_) ? 1 : 0;
    }
    if (real) {
      ranked.first[place] = static_cast<std::uint8_t>(own_first_);
      ranked.second[place] = static_cast<std::uint8_t>(own_second_);
      ranked.relaxed[place] = relaxed;
    }
    __syncwarp();
  }

  const DevicePrint& first_;
  const DevicePrint& second_;
  const comparison::ComparisonTables& tables_;
  PairScratch& scratch_;
  int pairs_ = 0;
  int own_first_ = 0, own_second_ = 0;  // of this lane's pair
  float similarity_ = 1;
};

}  // namespace whorl::kernels::device
