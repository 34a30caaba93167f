#pragma once
// How a print's pairs are chosen and vote, in the lanes of any twin of print_alignment.
//
// Every function is a template over a twin's `Vector`: print_alignment_twin.h says what that is.

#include <bit>
#include <cstdint>
#include <cstring>

#include "kernels/alignment_lanes.h"

namespace whorl::kernels::alignment {

// `lanes` of 32 bits as the compiler's vector of so many.
template <class Vector>
const typename Vector::Floats& lanes_at(const float* lanes) {
  return *static_cast<const typename Vector::Floats*>(static_cast<const void*>(lanes));
}
template <class Vector>
const typename Vector::Ints& lanes_at(const std::int32_t* lanes) {
  return *static_cast<const typename Vector::Ints*>(static_cast<const void*>(lanes));
}
template <class Vector>
const typename Vector::Words& lanes_at(const std::uint32_t* lanes) {
  return *static_cast<const typename Vector::Words*>(static_cast<const void*>(lanes));
}
template <class Vector>
typename Vector::Ints& lanes_at(std::int32_t* lanes) {
  return *static_cast<typename Vector::Ints*>(static_cast<void*>(lanes));
}

// Minutia j of the print as a pair with the one its column names.
template <class Vector>
void add_pair(const ProbeLanes& probe, const PackedMinutia& b, FingerColumn column, Pairs& pairs) {
  const int q = pairs.count++, i = partner_of(column);
  pairs.ax[q] = probe.x[i], pairs.ay[q] = probe.y[i];
  pairs.bx[q] = static_cast<float>(b.x_px), pairs.by[q] = static_cast<float>(-b.y_px);
  const auto turn = static_cast<std::uint8_t>(b.direction_steps - probe.directions[i]);
  pairs.turn[q] = std::uint32_t{turn} * kUpperByte;
  pairs.weight[q] = kCodeBits / 2 - (column >> 8);
  pairs.cosine[q] = kTurns.cosine[turn], pairs.sine[q] = kTurns.sine[turn];
}

// Step 1 of the contract, for any number of minutiae.
template <class Vector>
void choose_pairs(const ProbeLanes& probe, const PackedMinutia* minutiae, int count,
                  const FingerColumns* columns_of_block, Electorate& chosen) {
  const int chunks = (count + kChunk - 1) / kChunk;
  FingerColumn* __restrict columns = chosen.columns;
  Pairs& pairs = chosen.pairs;
  pairs.count = 0;
  if (chunks == 0 || columns_of_block == nullptr) return;
  std::uint8_t distances[kMaxPadded];
  std::memset(distances + (chunks - 1) * kChunk, 255, kChunk);
  int codes = 0;
  for (int j = 0; j < count; ++j) {
    const int code = minutiae[j].code();
    const bool coded = code != PackedMinutia::kNoCode;
    const int place = coded ? code : 0;  // without a branch: a print with any code has columns
    const FingerColumn found =
        columns_of_block[place / kernels::kLanes].lanes[place % kernels::kLanes];
    const FingerColumn column = coded ? found : kNoPartner;
    codes += coded ? 1 : 0;
    columns[j] = column;
    distances[j] = static_cast<std::uint8_t>(column >> 8);
  }
  chosen.codes = codes;
  const auto count_below = [&](int limit) {
    int found = 0;
    for (int c = 0; c < chunks; ++c) {
      found += std::popcount(Vector::below(distances + c * kChunk, limit));
    }
    return found;
  };
  // The least distance that, taken with all below it, makes pairs enough; kCodeBits / 2 - 1 where
  // there are none.
  int limit = 0;
  for (int step = kCodeBits / 4; step > 0; step /= 2) {
    limit += step * static_cast<int>(count_below(limit + step) < kVoters);
  }
  int spare = kVoters - (limit > 0 ? count_below(limit) : 0);
  for (int c = 0; c < chunks; ++c) {
    const std::uint8_t* own = distances + c * kChunk;
    std::uint64_t taken = limit > 0 ? Vector::below(own, limit) : 0;
    std::uint64_t equal = Vector::below(own, limit + 1) & ~taken;
    for (; equal != 0 && spare > 0; equal &= equal - 1, --spare) taken |= equal & -equal;
    for (; taken != 0; taken &= taken - 1) {
      const int j = c * kChunk + std::countr_zero(taken);
      add_pair<Vector>(probe, minutiae[j], columns[j], pairs);
    }
  }
  for (int q = pairs.count; q < kVoters; ++q) {
    pairs.ax[q] = pairs.ay[q] = pairs.bx[q] = pairs.by[q] = 0;
    pairs.cosine[q] = 1, pairs.sine[q] = 0;
    pairs.turn[q] = 0, pairs.weight[q] = 0;
  }
}

// kLanes agreements at once, negative: comparisons give -1. The formula of agreement(), in the
// same order. `turned`: how much further the second pair has turned, in the upper bytes.
template <class Vector, class Floats = typename Vector::Floats, class Ints = typename Vector::Ints>
Ints disagreement(const Floats& ux, const Floats& uy, const Floats& vx, const Floats& vy,
                  const Floats& cosine, const Floats& sine, const typename Vector::Words& turned) {
  const Floats d2 = ux * ux + uy * uy, e2 = vx * vx + vy * vy;
  const Floats both = d2 + e2, product = 4 * d2 * e2;
  const Floats widest = kStretchPx2 + kHalfShare2 * both;
  const auto within = [&](const Floats& most2) -> Ints {
    const Floats over = both - most2;
    return over * Vector::size(over) <= product;
  };
  const Floats dot = ux * vx + uy * vy, cross = ux * vy - uy * vx;
  const Floats along = dot * cosine + cross * sine, across = cross * cosine - dot * sine;
  const Ints further = (Ints)turned;
  const Ints open = (Vector::size(across) <= kMaxSlant * along) &
                    (further <= kMaxTurnSteps * static_cast<int>(kUpperByte)) &
                    (further >= -kMaxTurnSteps * static_cast<int>(kUpperByte));
  return (within(widest) + within(widest * 0.25F)) & open;
}

// Step 2: lanes are the pairs whose motion it is, so that each gathers its own sum.
template <class Vector>
void count_votes(const Pairs& pairs, std::int32_t (&votes)[kVoters]) {
  const auto at = [](const auto* lanes) -> const auto& { return lanes_at<Vector>(lanes); };
  for (int p = 0; p < kVoters; p += Vector::kLanes) {
    const auto &ax = at(pairs.ax + p), &ay = at(pairs.ay + p);
    const auto &bx = at(pairs.bx + p), &by = at(pairs.by + p);
    const auto &cosine = at(pairs.cosine + p), &sine = at(pairs.sine + p);
    const auto& turn = at(pairs.turn + p);
    typename Vector::Ints sum = {};
    for (int q = 0; q < pairs.count; ++q) {
      sum -= pairs.weight[q] * disagreement<Vector>(pairs.ax[q] - ax, pairs.ay[q] - ay,
                                                    pairs.bx[q] - bx, pairs.by[q] - by, cosine,
                                                    sine, pairs.turn[q] - turn);
    }
    lanes_at<Vector>(votes + p) = sum;
  }
  for (int p = pairs.count; p < kVoters; ++p) votes[p] = -1;
}

// By how much each pair agrees with the motion of pair p.
template <class Vector>
void agree_with(const Pairs& pairs, int p, std::int32_t (&agreed)[kVoters]) {
  const auto at = [](const auto* lanes) -> const auto& { return lanes_at<Vector>(lanes); };
  const typename Vector::Floats cosine = pairs.cosine[p] + typename Vector::Floats{},
                                sine = pairs.sine[p] + typename Vector::Floats{};
  for (int q = 0; q < kVoters; q += Vector::kLanes) {
    lanes_at<Vector>(agreed + q) =
        -disagreement<Vector>(at(pairs.ax + q) - pairs.ax[p], at(pairs.ay + q) - pairs.ay[p],
                              at(pairs.bx + q) - pairs.bx[p], at(pairs.by + q) - pairs.by[p],
                              cosine, sine, at(pairs.turn + q) - pairs.turn[p]);
  }
}

}  // namespace whorl::kernels::alignment
