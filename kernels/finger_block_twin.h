#pragma once
// What the vector twins of finger_block share: the walk over the band of each probe code, fetching
// the next block meanwhile, and the choice of the n best.
//
// Every function is a template over a twin's `Vector`, a type in that twin's unnamed namespace. So
// each file gets its own copy, made with its own flags, and the linker cannot take one that was
// built for a wider machine. A Vector gives
//
//   void fold(code, number, gate_steps, block, first, last, fetch, columns)
//       one probe code against groups [first, last)
//   std::int64_t near_columns(block, columns, nearest, std::uint16_t* out)
//       print << 8 | (nearest - distance) of every column whose distance is below `nearest`, which
//       is 1 .. 128, and how many; kLanes elements behind them may be overwritten
//   int distances_of(block, columns, print, std::uint8_t* out)
//       the distances of one print's columns in any order, and how many: at most kMaxDistances;
//       kChunk bytes behind them may be overwritten
//   int count_below(const std::uint8_t* bytes, int count, int limit)
//       how many bytes < limit
//   int sum_below(const std::uint8_t* bytes, int count, int limit)
//       the sum of (limit - byte) over those
//
// where count is a multiple of kChunk and limit at most 255.

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/finger_block.h"

namespace whorl::kernels::twin {

inline constexpr int kChunk = 64;
inline constexpr int kMaxDistances = 256 + kLanes;
inline constexpr int kHalf = kCodeBits / 2;  // distances from here on are no better than chance

constexpr int smaller(int a, int b) { return a < b ? a : b; }
constexpr int larger(int a, int b) { return a < b ? b : a; }

// Asks for the next block a line or two at a time, evenly over the work on this one: bursts wait
// for themselves (measured: a tenth slower with one probe a call).
template <class Vector>
class Fetch {
 public:
  Fetch(const FingerBlock* next, std::int64_t steps) {
    if (next == nullptr || steps == 0) return;
    at_ = static_cast<const char*>(static_cast<const void*>(next->planes));
    end_ = at_ + next->groups * kCodeWords * kLanes * 2;
    lines_a_step_ = static_cast<int>((end_ - at_) / (kLine * steps)) + 1;
  }
  void step() {
    for (int line = 0; line < lines_a_step_ && at_ < end_; ++line, at_ += kLine) {
      __builtin_prefetch(at_, 0, 2);
    }
  }

 private:
  static constexpr int kLine = 64;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  int lines_a_step_ = 0;
};

// Which groups of a block can hold a direction. A group's codes ascend, so its first and last tell.
template <class Vector>
class Bands {
 public:
  explicit Bands(const FingerBlock& block) : count_(static_cast<int>(block.groups)) {
    for (int g = 0; g < count_; ++g) {
      firsts_[g] = block.directions[g * kLanes];
      lasts_[g] = block.directions[g * kLanes + kLanes - 1];
    }
    std::memset(firsts_ + count_, 255, kChunk);
    std::memset(lasts_ + count_, 255, kChunk);
  }
  int first_with(int lowest_steps) const { return groups_below(lasts_, lowest_steps); }
  int end_of(int highest_steps) const {
    return highest_steps >= 255 ? count_ : groups_below(firsts_, highest_steps + 1);
  }

 private:
  int groups_below(const std::uint8_t* directions, int limit) const {
    return Vector::count_below(directions, (count_ + kChunk - 1) / kChunk * kChunk, limit);
  }
  int count_;
  std::uint8_t firsts_[kMaxBlockGroups + kChunk], lasts_[kMaxBlockGroups + kChunk];
};

// Without a gate all groups meet all codes: in tiles that stay in the first cache, 1 kB a group.
inline constexpr int kTileGroups = 24;

template <class Vector>
void fold_everything(const FingerProbe& probe, const FingerBlock& block, Fetch<Vector>& fetch,
                     FingerColumns* columns) {
  for (std::int64_t tile = 0; tile < block.groups; tile += kTileGroups) {
    const std::int64_t end = tile + kTileGroups < block.groups ? tile + kTileGroups : block.groups;
    for (int i = 0; i < probe.count; ++i) {
      Vector::fold(probe.codes[i], i, probe.gate_steps, block, tile, end, fetch, columns);
    }
  }
}

// The codes ascend by direction, so their bands move along the block and stay in the first cache.
template <class Vector>
void fold_bands(const FingerProbe& probe, const FingerBlock& block, const Bands<Vector>& bands,
                Fetch<Vector>& fetch, FingerColumns* columns) {
  for (int i = 0; i < probe.count; ++i) {
    const ProbeCode& code = probe.codes[i];
    const auto run = [&](int lowest_steps, int highest_steps) {
      Vector::fold(code, i, probe.gate_steps, block, bands.first_with(lowest_steps),
                   bands.end_of(highest_steps), fetch, columns);
    };
    const int low = code.direction_steps - probe.gate_steps;
    const int high = code.direction_steps + probe.gate_steps;
    if (low < 0) run(low + 256, 255);
    run(larger(low, 0), smaller(high, 255));
    if (high > 255) run(0, high - 256);
  }
}

template <class Vector>
void clear(const FingerBlock& block, FingerColumns* columns) {
  for (std::int64_t g = 0; g < block.groups; ++g) {
    for (FingerColumn& column : columns[g].lanes) column = kNoPartner;
  }
}

// Padding lanes hold zeros, which are as near to some probe codes as any code.
template <class Vector>
void clear_padding(const FingerBlock& block, FingerColumns* columns) {
  for (std::int64_t j = block.codes; j < block.groups * kLanes; ++j) {
    columns[j / kLanes].lanes[j % kLanes] = kNoPartner;
  }
}

template <class Vector>
void fold_probe(const FingerProbe& probe, const FingerBlock& block, const Bands<Vector>& bands,
                Fetch<Vector>& fetch, FingerColumns* columns) {
  clear<Vector>(block, columns);
  if (2 * probe.gate_steps + 1 >= 256) {
    fold_everything<Vector>(probe, block, fetch, columns);
  } else {
    fold_bands<Vector>(probe, block, bands, fetch, columns);
  }
  clear_padding<Vector>(block, columns);
}

// In what follows u = m / 2 = kHalf - distance, so that score = 2 * kScoreUnit * (sum of u) / n.
inline constexpr int kUnit = 2 * kScoreUnit;

// How far under the mean that is asked for the bound's t lies. Any t gives a true bound; this one
// lets the fewest through (measured on simulated people).
inline constexpr int kBelowMean = 4;

// The sum of the n smallest distances' u, by bisection: sum = n * (kHalf - x) + sum of (x - h)+ for
// the n-th smallest x.
template <class Vector>
int sum_of_best(const std::uint8_t* distances, int count, int n) {
  int x = 0;
  for (int step = kHalf; step > 0; step /= 2) {
    if (x + step <= kHalf && Vector::count_below(distances, count, x + step) < n) x += step;
  }
  return n * (kHalf - x) + Vector::sum_below(distances, count, x);
}

template <class Vector>
int exact_score(const FingerBlock& block, const FingerColumns* columns, int print, int n) {
  std::uint8_t distances[kMaxDistances + kChunk];
  const int count = Vector::distances_of(block, columns, print, distances);
  std::memset(distances + count, kHalf, kChunk);
  const int padded = (count + kChunk - 1) / kChunk * kChunk;
  return kUnit * sum_of_best<Vector>(distances, padded, n) / n;
}

// The prints whose bound n * t + excess reaches `at_least`, one bit each.
template <class Vector>
std::uint64_t reaching(const FingerProbe& probe, const FingerBlock& block, int at_least, int t,
                       const std::uint16_t* excess) {
  std::uint8_t enough[kBlockPrints];
  for (int b = 0; b < kBlockPrints; ++b) {
    const int n = pairs_counted(probe.count, block.print_sizes[b]);
    enough[b] = kUnit * (n * t + excess[b]) >= at_least * n ? 1 : 0;
  }
  std::uint64_t bits = 0;
  for (int b = 0; b < kBlockPrints; ++b) bits |= std::uint64_t{enough[b]} << b;
  return bits;
}

template <class Vector>
std::uint64_t may_reach(const FingerProbe& probe, const FingerBlock& block, int at_least,
                        const FingerColumns* columns) {
  const int t = larger(0, at_least / kUnit - kBelowMean);
  std::uint16_t near[(kMaxBlockGroups + 1) * kLanes];
  const std::int64_t count = Vector::near_columns(block, columns, kHalf - t, near);
  std::uint16_t excess[256] = {};  // by print; the last takes the padding
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t& sum = excess[near[i] >> 8];
    sum = static_cast<std::uint16_t>(sum + (near[i] & 0xFF));
  }
  return reaching<Vector>(probe, block, at_least, t, excess);
}

template <class Vector>
void select_scores(const FingerProbe& probe, const FingerBlock& block, std::uint64_t eligible,
                   int at_least, const FingerColumns* columns, std::uint16_t* scores) {
  std::memset(scores, 0, kBlockPrints * sizeof *scores);
  if (at_least > kMaxBlockScore || eligible == 0) return;
  if (at_least > 0) eligible &= may_reach<Vector>(probe, block, at_least, columns);
  for (; eligible != 0; eligible &= eligible - 1) {
    const int print = std::countr_zero(eligible);
    const int n = pairs_counted(probe.count, block.print_sizes[print]);
    const int score = exact_score<Vector>(block, columns, print, n);
    if (score >= at_least) scores[print] = static_cast<std::uint16_t>(score);
  }
}

template <class Vector>
void score_batch(const FingerBatch& batch, const FingerBlock& block, std::uint64_t eligible,
                 const FingerBlock* next, FingerColumns* columns, std::uint16_t* scores) {
  WHORL_CHECK(batch.count <= kMaxBatchProbes && block.groups <= kMaxBlockGroups);
  int codes = 0;
  for (int p = 0; p < batch.count; ++p) codes += batch.probes[p].count;
  Fetch<Vector> fetch(next, codes * block.groups / 4);  // a quarter: what a band of 45 degrees is
  const Bands<Vector> bands(block);
  for (int p = 0; p < batch.count; ++p) {
    fold_probe<Vector>(batch.probes[p], block, bands, fetch, columns);
    select_scores<Vector>(batch.probes[p], block, eligible, batch.at_least[p], columns, scores);
    columns += block.groups;
    scores += kBlockPrints;
  }
}

}  // namespace whorl::kernels::twin
