#pragma once
// The second half of kernels/print_comparison.h by one warp: a correspondence grown from the best
// supported pairs, and its likelihood. For .cu files alone; needs code without fused multiply-add.
// This file is long because the steps of one growth share the warp's registers and scratch memory.

#include <cstdint>

#include "kernels/comparison_pairs_cuda.h"

namespace whorl::kernels::device {

struct Couples {
  float share[kMaxComparedMinutiae];
  std::uint8_t first[kMaxComparedMinutiae], second[kMaxComparedMinutiae];
};
struct GrowthScratch {
  static constexpr int kRow = kWarp + comparison::kStrands;  // no two lanes meet in a bank
  float terms[comparison::kMoments][kRow];
  float nearest_px2[kMaxComparedMinutiae];  // of each first minutia to the matched ones
  unsigned closed[kMaxComparedMinutiae / 32], taken[kMaxComparedMinutiae / 32];
  Couples couples[3];  // the two best sprouts and what is growing
  comparison::Point alone[2 * kMaxComparedMinutiae];
  float reliability[2 * kMaxComparedMinutiae];
};

class WarpGrowth {
 public:
  __device__ WarpGrowth(const DevicePrint& first, const DevicePrint& second,
                        const comparison::ComparisonTables& tables, GrowthScratch& scratch)
      : first_(first), second_(second), tables_(tables), scratch_(scratch) {}

  // All lanes together, as everything here but what is said to be of one lane.
  __device__ float log_likelihood(const RankedPairs& seeds, int seed_count) {
    sprout(seeds, min(seed_count, comparison::kSeeds));
    float best = 0;
    for (int s = 0; s < comparison::kGrownOut; ++s) {
      const Sprout from = s == 0 ? best_ : second_best_;
      if (from.count == 0 || from.share < best_.share - comparison::kMaxTrail) break;
      start(scratch_.couples[from.place], from.count);
      refine();
      extend();
      const float grown = shares() - unmatched_price();
      if (s == 0 || grown > best) best = grown;
    }
    return best;
  }

 private:
  struct Sprout {
    int place, count;  // in `couples`; none where there are no pairs
    float share;
  };
  struct Partner {
    int second;
    float share;
  };

  __device__ Couples& now() const { return scratch_.couples[now_]; }
  __device__ const ComparedMinutia& first_of(int k) const {
    return first_.minutiae[now().first[k]];
  }
  __device__ const ComparedMinutia& second_of(int k) const {
    return second_.minutiae[now().second[k]];
  }

  // --- Motions

  __device__ comparison::Moments moments_of(int k, comparison::Point where, comparison::Point there,
                                            bool forward, float present) const {
    const ComparedMinutia &a = first_of(k), &b = second_of(k);
    const comparison::Point turn = {comparison::dot(a.direction, b.direction),
                                    comparison::cross(a.direction, b.direction)};
    return comparison::moments_of(forward ? a.at : b.at, forward ? b.at : a.at, turn, where, there,
                                  forward ? comparison::kLeverPx2 : -comparison::kLeverPx2,
                                  present);
  }
  // From the first print to the second, for one place. A lane makes a couple's summands, and adds
  // those of one moment and strand up.
  __device__ comparison::Motion motion_at(comparison::Point where, int without) const {
    const int lane = lane_of_warp();
    const comparison::Point there = second_of(0).at;
    float sum = 0;
    for (int from = 0; from < count_; from += kWarp) {
      const int k = from + lane;
      comparison::Moments m{};
      if (k < count_) m = moments_of(k, where, there, true, k == without ? 0.0F : 1.0F);
      __syncwarp();
      scratch_.terms[0][lane] = m.total;
      scratch_.terms[1][lane] = m.from_x, scratch_.terms[2][lane] = m.from_y;
      scratch_.terms[3][lane] = m.to_x, scratch_.terms[4][lane] = m.to_y;
      scratch_.terms[5][lane] = m.aligned, scratch_.terms[6][lane] = m.crossed;
      __syncwarp();
      if (lane >= comparison::kMoments * comparison::kStrands) continue;
      const float* terms =
          &scratch_.terms[lane / comparison::kStrands][lane % comparison::kStrands];
#pragma unroll
      for (int i = 0; i < kWarp; i += comparison::kStrands) sum += terms[i];
    }
    static_assert(comparison::kStrands == 4);
    sum += __shfl_xor_sync(kAllLanes, sum, 2);  // sum_of(): strands 0 and 2, 1 and 3, both
    sum += __shfl_xor_sync(kAllLanes, sum, 1);
    const auto moment = [sum](int i) {
      return __shfl_sync(kAllLanes, sum, i * comparison::kStrands);
    };
    return comparison::motion_of(
        {moment(0), moment(1), moment(2), moment(3), moment(4), moment(5), moment(6)}, where,
        there);
  }
  // Of one lane: another place for each.
  __device__ comparison::Motion own_motion_at(comparison::Point where, bool forward) const {
    constexpr int kStrands = comparison::kStrands;
    const comparison::Point there = forward ? second_of(0).at : first_of(0).at;
    float sums[comparison::kMoments][kStrands] = {};
    for (int from = 0; from < count_; from += kStrands) {
#pragma unroll
      for (int s = 0; s < kStrands; ++s) {
        if (from + s >= count_) continue;
        const comparison::Moments m = moments_of(from + s, where, there, forward, 1);
        sums[0][s] += m.total;
        sums[1][s] += m.from_x, sums[2][s] += m.from_y;
        sums[3][s] += m.to_x, sums[4][s] += m.to_y;
        sums[5][s] += m.aligned, sums[6][s] += m.crossed;
      }
    }
    return comparison::motion_of(
        {comparison::sum_of(sums[0]), comparison::sum_of(sums[1]), comparison::sum_of(sums[2]),
         comparison::sum_of(sums[3]), comparison::sum_of(sums[4]), comparison::sum_of(sums[5]),
         comparison::sum_of(sums[6])},
        where, there);
  }

  // --- Growing

  // A lane a candidate. Of equal shares the first by direction, from the window's end on.
  __device__ Partner best_partner(int a, float nearest_px2, int without) const {
    const ComparedMinutia own = first_.minutiae[a];
    const comparison::Motion motion = motion_at(own.at, without);
    const comparison::Point expected = motion(own.at), direction = motion.turned(own.direction);
    const float tolerance = comparison::tolerance_px(std::sqrt(nearest_px2));
    const int lowest = own.steps + turn_steps_ - comparison::kTurnWindowSteps;
    unsigned long long best = 0;
    for (int b = lane_of_warp(); b < second_.size; b += kWarp) {
      const ComparedMinutia& other = second_.minutiae[b];
      const auto place = static_cast<std::uint8_t>(other.steps - lowest);
      const float residual = comparison::squared_distance(other.at, expected);
      const float cosine = comparison::dot(direction, other.direction);
      if (place > 2 * comparison::kTurnWindowSteps || residual > tolerance * tolerance ||
          cosine < comparison::kMinCosine || has_bit(scratch_.taken, b))
        continue;
      const bool told = own.described != 0 && other.described != 0;
      const float share =
          comparison::residual_share(second_.bare_share, residual, cosine, tables_) +
          (told ? comparison::likeness_share(
                      comparison::cosine_of(WarpPairs::product(first_, a, second_, b)))
                : 0);
      if (!(share > 0)) continue;
      const unsigned order = static_cast<unsigned>(place) << 8U | static_cast<unsigned>(b);
      best = max(best, static_cast<unsigned long long>(__float_as_uint(share)) << 32U |
                           (0xFFFFFFFFU - order));
    }
    for (int step = kWarp / 2; step > 0; step /= 2)
      best = max(best, __shfl_xor_sync(kAllLanes, best, step));
    if (best == 0) return {-1, 0};
    const auto order = 0xFFFFFFFFU - static_cast<unsigned>(best & 0xFFFFFFFFU);
    return {static_cast<int>(order & 0xFFU), __uint_as_float(static_cast<unsigned>(best >> 32U))};
  }

  __device__ void clear() {
    count_ = 0;
    for (int a = lane_of_warp(); a < first_.size; a += kWarp)
      scratch_.nearest_px2[a] = comparison::kBeyond;
    if (lane_of_warp() < kMaxComparedMinutiae / 32) scratch_.taken[lane_of_warp()] = 0;
    __syncwarp();
  }
  __device__ void match(int a, int b, float share) {
    if (count_ == 0) turn_steps_ = second_.minutiae[b].steps - first_.minutiae[a].steps;
    if (lane_of_warp() == 0) {
      now().first[count_] = static_cast<std::uint8_t>(a);
      now().second[count_] = static_cast<std::uint8_t>(b);
      now().share[count_] = share;
      scratch_.taken[b / 32] |= 1U << b % 32;
    }
    const comparison::Point p = first_.minutiae[a].at;
    for (int i = lane_of_warp(); i < first_.size; i += kWarp) {
      scratch_.nearest_px2[i] = comparison::least(
          scratch_.nearest_px2[i], comparison::squared_distance(first_.minutiae[i].at, p));
    }
    ++count_;
    __syncwarp();
  }
  __device__ void start(const Couples& couples, int count) {
    clear();
    for (int k = 0; k < count; ++k) match(couples.first[k], couples.second[k], couples.share[k]);
  }

  // The open minutia that is nearest to the matched ones, the lowest of equal ones; -1: none.
  __device__ int nearest_open() const {
    unsigned long long best = ~0ULL;
    for (int a = lane_of_warp(); a < first_.size; a += kWarp) {
      if (has_bit(scratch_.closed, a)) continue;
      best = min(best, static_cast<unsigned long long>(__float_as_uint(scratch_.nearest_px2[a]))
                               << 32U |
                           static_cast<unsigned>(a));
    }
    for (int step = kWarp / 2; step > 0; step /= 2)
      best = min(best, __shfl_xor_sync(kAllLanes, best, step));
    return best == ~0ULL ? -1 : static_cast<int>(best & 0xFFFFFFFFU);
  }
  __device__ void close(int a) const {
    __syncwarp();
    if (lane_of_warp() == 0) scratch_.closed[a / 32] |= 1U << a % 32;
    __syncwarp();
  }
  __device__ void extend() {
    if (lane_of_warp() < kMaxComparedMinutiae / 32) scratch_.closed[lane_of_warp()] = 0;
    for (int k = 0; k < count_; ++k) close(now().first[k]);
    for (int next = nearest_open(); next >= 0; next = nearest_open()) {
      close(next);
      const Partner found = best_partner(next, scratch_.nearest_px2[next], -1);
      if (found.second >= 0) match(next, found.second, found.share);
    }
  }

  // --- Refining

  __device__ float px2_to_others(int k) const {
    const comparison::Point p = first_of(k).at;
    float nearest = comparison::kBeyond;
    for (int other = lane_of_warp(); other < count_; other += kWarp) {
      if (other != k)
        nearest = comparison::least(nearest, comparison::squared_distance(p, first_of(other).at));
    }
    return __uint_as_float(least_of_warp(__float_as_uint(nearest)));
  }
  __device__ void set_taken(int b, bool taken) const {
    __syncwarp();
    if (lane_of_warp() == 0) {
      const unsigned bit = 1U << b % 32;
      scratch_.taken[b / 32] = taken ? scratch_.taken[b / 32] | bit : scratch_.taken[b / 32] & ~bit;
    }
    __syncwarp();
  }
  __device__ void erase(int k) {
    for (int from = k; from + 1 < count_; from += kWarp) {
      const int next = min(from + lane_of_warp() + 1, count_ - 1);
      const std::uint8_t first = now().first[next], second = now().second[next];
      const float share = now().share[next];
      __syncwarp();
      now().first[next - 1] = first, now().second[next - 1] = second;
      now().share[next - 1] = share;
      __syncwarp();
    }
    --count_;
  }
  __device__ void refine() {
    for (int k = 0; k < count_ && count_ > 2;) {
      const float nearest = px2_to_others(k);
      set_taken(now().second[k], false);
      const Partner found = best_partner(now().first[k], nearest, k);
      if (found.second < 0) {
        erase(k);
        continue;
      }
      set_taken(found.second, true);
      if (lane_of_warp() == 0) {
        now().second[k] = static_cast<std::uint8_t>(found.second);
        now().share[k] = found.share;
      }
      __syncwarp();
      ++k;
    }
  }

  // --- Judging

  // Adds what the lanes have to `sum`, in their order.
  __device__ static float add_in_order(float sum, float value) {
    for (int lane = 0; lane < kWarp; ++lane) sum += __shfl_sync(kAllLanes, value, lane);
    return sum;
  }
  __device__ float shares() const {
    float sum = 0;
    for (int from = 0; from < count_; from += kWarp) {
      const int k = from + lane_of_warp();
      sum = add_in_order(sum, k < count_ ? now().share[k] : 0);
    }
    return sum;
  }

  __device__ static bool covers(const DevicePrint& print, comparison::Point p) {
    for (int i = 0; i < print.corner_count; ++i) {
      const comparison::Point from = print.corners[i];
      const comparison::Point to = print.corners[i + 1 < print.corner_count ? i + 1 : 0];
      if (comparison::cross(to - from, p - from) < 0) return false;
    }
    return print.corner_count >= 3;
  }
  // Those that `is_alone` behind those that are there, in the lanes' order.
  __device__ void add_alone(bool is_alone, comparison::Point p, float reliability) {
    const unsigned all = __ballot_sync(kAllLanes, is_alone);
    if (is_alone) {
      const int at = alone_ + __popc(all & ((1U << lane_of_warp()) - 1));
      scratch_.alone[at] = p, scratch_.reliability[at] = reliability;
    }
    alone_ += __popc(all);
  }
  __device__ void find_alone() {
    alone_ = 0;
    if (lane_of_warp() < kMaxComparedMinutiae / 32) scratch_.closed[lane_of_warp()] = 0;
    for (int k = 0; k < count_; ++k) close(now().first[k]);
    for (int from = 0; from < first_.size; from += kWarp) {
      const int a = from + lane_of_warp();
      const ComparedMinutia m = first_.minutiae[min(a, first_.size - 1)];
      const bool alone = a < first_.size && !has_bit(scratch_.closed, a) &&
                         covers(second_, own_motion_at(m.at, true)(m.at));
      add_alone(alone, m.at, m.reliability);
    }
    for (int from = 0; from < second_.size; from += kWarp) {
      const int b = from + lane_of_warp();
      const ComparedMinutia m = second_.minutiae[min(b, second_.size - 1)];
      const bool open = b < second_.size && !has_bit(scratch_.taken, b);
      const comparison::Point there = open ? own_motion_at(m.at, false)(m.at) : m.at;
      add_alone(open && covers(first_, there), there, m.reliability);
    }
    __syncwarp();
  }
  // A lane a minutia that is alone.
  __device__ float unmatched_price() {
    constexpr int kStrands = comparison::kStrands;
    find_alone();
    float price = 0;
    for (int from = 0; from < alone_; from += kWarp) {
      const int own = from + lane_of_warp();
      float cost = 0;
      if (own < alone_ && scratch_.reliability[own] != 0) {
        const comparison::Point p = scratch_.alone[own];
        float matched[kStrands] = {}, others[kStrands] = {};
        for (int k = 0; k < count_; k += kStrands) {
#pragma unroll
          for (int s = 0; s < kStrands; ++s) {
            if (k + s < count_) matched[s] += comparison::nearness(first_of(k + s).at, p);
          }
        }
        for (int k = 0; k < alone_; k += kStrands) {
#pragma unroll
          for (int s = 0; s < kStrands; ++s) {
            if (k + s < alone_) others[s] += comparison::nearness(scratch_.alone[k + s], p);
          }
        }
        cost = comparison::lonely_price(scratch_.reliability[own], comparison::sum_of(matched),
                                        comparison::sum_of(others));
      }
      price = add_in_order(price, cost);
    }
    __syncwarp();
    return comparison::kUnmatchedPrice * price;
  }

  // --- From the seeds

  // Seeds among those from `next` on that the growth in hand has met.
  __device__ unsigned met(const RankedPairs& seeds, int next, int seed_count) const {
    unsigned bits = 0;
    for (int s = next; s < seed_count; ++s) {
      bool here = false;
      for (int k = lane_of_warp(); k < count_; k += kWarp)
        here = here || (now().first[k] == seeds.first[s] && now().second[k] == seeds.second[s]);
      if (__ballot_sync(kAllLanes, here) != 0) bits |= 1U << s;
    }
    return bits;
  }
  __device__ void keep_if_best() {
    const Sprout grown = {now_, count_, shares()};
    if (best_.count == 0 || grown.share > best_.share) {
      now_ = second_best_.place;
      second_best_ = best_, best_ = grown;
    } else if (second_best_.count == 0 || grown.share > second_best_.share) {
      now_ = second_best_.place;
      second_best_ = grown;
    }
  }
  // Each seed is grown once, unless an earlier one has met it.
  __device__ void sprout(const RankedPairs& seeds, int seed_count) {
    unsigned done = 0;
    for (int s = 0; s < seed_count; ++s) {
      if ((done >> s & 1U) != 0) continue;
      clear();
      match(seeds.first[s], seeds.second[s], 0);
      extend();
      done |= met(seeds, s + 1, seed_count);
      keep_if_best();
    }
  }

  const DevicePrint& first_;
  const DevicePrint& second_;
  const comparison::ComparisonTables& tables_;
  GrowthScratch& scratch_;
  int turn_steps_ = 0;  // of the couple that the growth in hand began with
  int count_ = 0;       // of couples now
  int now_ = 2;         // their place
  int alone_ = 0;
  Sprout best_ = {0, 0, 0}, second_best_ = {1, 0, 0};
};

}  // namespace whorl::kernels::device
