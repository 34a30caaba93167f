#pragma once
// The full comparison of two prints, many pairs at once: the end of a search's cascade. One pair at
// a time is engine/matchers' business, which has the bits of the definition here.

#include <cstdint>
#include <vector>

#include "kernels/comparison_rules.h"

namespace whorl::kernels {

inline constexpr int kMaxComparedMinutiae = 128;  // of one print

struct ComparedMinutia {
  comparison::Point at;         // px at 500 ppi, y upwards
  comparison::Point direction;  // a unit vector
  float reliability;            // 0 .. 1
  std::uint8_t steps;           // of the direction, 256 to a turn
  std::uint8_t described;       // 0: its vector says nothing
  std::uint16_t reserved;       // 0
};
static_assert(sizeof(ComparedMinutia) == 24);

struct ComparedPrint {
  std::int32_t first_minutia, minutiae;  // 0 .. kMaxComparedMinutiae
  std::int32_t first_corner, corners;    // of its convex hull, anticlockwise
  float bare_share;                      // comparison::bare_share
};

// Prints in one place: what is copied to a device.
struct PrintBatch {
  std::vector<ComparedPrint> prints;
  std::vector<ComparedMinutia> minutiae;
  std::vector<std::int8_t> vectors;  // [minutiae, kVectorSize]
  std::vector<comparison::Point> corners;
};
// Two prints of a batch, by number.
struct PrintPair {
  std::int32_t first, second;
};

// similarities[p] of pair p, engine/matchers/finger_matcher.h's scale:
//
// 1. Pairs: up to kMaxPairs of the most similar minutiae (cosine of their vectors), one to one,
//    greedily; of equal ones those of lower numbers.
// 2. Each takes half its value from the pairs that agree with it, kRounds times; the mean of the
//    best supported is the support.
// 3. Growth from the best supported: the next minutia is looked for where a rigid motion fitted to
//    the matched pairs, weighted by nearness, says; so on until all had their turn, and the best
//    two correspondences once more with each pair held against the others.
// 4. Likelihood: shares of the matched less the price of those that are alone.
//
// Every sum has an order of its own, so twins agree bit for bit. Whoever wants compare(a, b) to be
// compare(b, a) gives both in one order. Cost: docs/benchmarks.md.
// Source: engine/matchers/local_pairs.h and elastic_growth.h name the papers.
void compare_prints_reference(const PrintBatch& batch, const PrintPair* pairs, std::int64_t count,
                              float* similarities);

}  // namespace whorl::kernels
