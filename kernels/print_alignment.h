#pragma once
// Between the codes and the comparison: do the best pairs of codes agree on one motion, and do the
// minutiae then lie on one another? One probe against the prints of one block.

#include <cstdint>

#include "kernels/finger_block.h"

namespace whorl::kernels {

// A minutia as a block keeps it. Its code stands among the block's sorted codes at the lower 14
// bits of `code_and_kind`; what is above them is the index's own.
struct PackedMinutia {
  static constexpr unsigned kKindShift = 14;
  static constexpr std::uint16_t kNoCode = (1U << kKindShift) - 1;

  std::int16_t x_px, y_px;       // 0 .. kMaxPlace at 500 ppi, y downwards
  std::uint8_t direction_steps;  // 256 to a turn, anticlockwise from the right
  std::uint8_t quality;
  std::uint16_t code_and_kind;

  constexpr std::uint16_t code() const { return code_and_kind & kNoCode; }
};
inline constexpr int kMaxPlace = 16383;
inline constexpr int kMaxPrintMinutiae = 255;

// The minutiae of a block's prints: print b has minutiae[starts[b]] to minutiae[starts[b + 1] - 1].
struct BlockMinutiae {
  const PackedMinutia* minutiae = nullptr;
  const std::uint16_t* starts = nullptr;  // [kBlockPrints + 1]
};

struct AlignmentProbe {
  const PackedMinutia* minutiae = nullptr;  // [count] those with a code first, in the order of the
                                            // codes that made the columns
  int codes = 0;
  int count = 0;  // 0 .. kMaxPrintMinutiae
};

// Units of an alignment: 1/16 of a natural logarithm. An alignment that speaks neither for nor
// against a match scores kAlignmentZero, so that a worse one still ranks; 0 is none at all.
inline constexpr int kAlignmentUnit = 16;
inline constexpr int kAlignmentZero = 1024;

// The pairs that vote: the minutiae whose columns have the least distances. 12 to 32 were tried on
// FVC2002, without any difference in the mates lost.
inline constexpr int kVoters = 16;
// A pair's agreement with another, at most, and with itself.
inline constexpr int kFullAgreement = 2;
inline constexpr int kMaxVotes = kFullAgreement * (kCodeBits / 2) * kVoters;
inline constexpr int kFewCodes = 10;

// For every print b whose bit is set in `eligible`:
//
// 1. Pairs. Each minutia of b whose column has a partner makes a pair (i, j) of probe minutia and
//    its own; the kVoters of least distance h stay, of equal ones the first minutiae. A pair weighs
//    w = kCodeBits / 2 - h.
// 2. Votes. A pair q agrees with the motion of pair p by a(p, q) = 0, 1 or 2: the distances
//    between the two minutiae differ little in both prints, the line between them and the second
//    minutia have turned as the first has (alignment_rules.h gives the limits).
//        votes(p) = sum over q of a(p, q) w(q)
//    A pair needs `least_votes` to be heard, and a print without such a pair scores 0; but where it
//    or the probe has less than kFewCodes codes all are heard: so few pairs are no electorate.
// 3. Motions. The pair of most votes, and the one of most votes among those that do not agree with
//    it fully, if it is heard; each motion is the rigid one that fits the agreeing pairs best,
//    weighted by a(p, q) w(q), their directions counting like second points 18 px away.
// 4. Likelihood. Moved by it, each probe minutia takes the best of b's within reach, each of b's
//    keeps the best that took it. A couple counts
//        ln( p(distance, turn | mates) / p(the same | chance) ) + what their codes say
//    and each probe minutia that lies on b without a partner costs kMissingCost.
//
//    scores[b] = kAlignmentZero + the better motion's sum, at least 1
//
// scores[b] = 0 for all other prints.
//
//   columns  [groups]          what ScoreFingerBlock wrote for this probe and block
//   scores   [kBlockPrints]
//
// Sums are integers but for two moments of the motion, which are added in a fixed order: twins
// agree bit for bit. Cost with AVX-512: some 380 ns more a print that is aligned
// (docs/benchmarks.md).
// Source: voting by consistent pairs after Germain, Califano, Colville, IEEE Computational Science
// and Engineering 4(4), 1997, and Tico and Kuosmanen, IEEE TPAMI 25(8), 2003; chance after
// Pankanti, Prabhakar, Jain, IEEE TPAMI 24(8), 2002. The pairs are those of the codes.
using AlignPrints = void (*)(const AlignmentProbe& probe, const BlockMinutiae& block,
                             const FingerColumns* columns, std::uint64_t eligible, int least_votes,
                             std::uint16_t* scores);

void align_prints_reference(const AlignmentProbe&, const BlockMinutiae&, const FingerColumns*,
                            std::uint64_t, int, std::uint16_t*);
void align_prints_avx2(const AlignmentProbe&, const BlockMinutiae&, const FingerColumns*,
                       std::uint64_t, int, std::uint16_t*);
void align_prints_avx512(const AlignmentProbe&, const BlockMinutiae&, const FingerColumns*,
                         std::uint64_t, int, std::uint16_t*);

}  // namespace whorl::kernels
