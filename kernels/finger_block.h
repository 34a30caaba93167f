#pragma once
// Stage 1 of fingerprint search: one probe against a block of up to 64 prints.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kCodeBits = 256;
inline constexpr int kCodeWords = kCodeBits / 16;  // 16-bit words: a popcount fits its own lane
inline constexpr int kLanes = 32;                  // codes side by side in one group of planes
inline constexpr int kBlockPrints = 64;            // one bit each in an eligibility mask
inline constexpr int kDirectionBins = 32;          // of 8 steps each; where a band starts and ends
inline constexpr std::uint8_t kNoPrint = 255;      // owner of a padding lane
inline constexpr int kScoreUnit = 16;              // fixed point of a block score
inline constexpr int kMaxBlockScore = kCodeBits * kScoreUnit;

struct ProbeCode {
  std::uint16_t words[kCodeWords];
  std::uint16_t popcount;         // 1 .. 256; codes without bits are not searched with
  std::uint16_t direction_steps;  // 0 .. 255
};

struct FingerProbe {
  const ProbeCode* codes = nullptr;
  int count = 0;  // 0 .. 255
  int gate_steps =
      32;  // largest turn between two codes that are compared; 32 = 45 degrees, 128 = any
};

// The codes of up to 64 prints, concatenated and sorted by direction (ties: by print), padded with
// lanes that belong to kNoPrint. A view; the index owns the memory, which is also the layout on
// disk.
struct FingerBlock {
  std::int64_t groups = 0;                   // of kLanes codes
  const std::uint16_t* planes = nullptr;     // [groups][kCodeWords][kLanes]; 64-byte aligned
  const std::uint16_t* popcounts = nullptr;  // [groups][kLanes]
  const std::uint8_t* directions =
      nullptr;                           // [groups][kLanes], ascending; padding repeats the last
  const std::uint8_t* prints = nullptr;  // [groups][kLanes], 0 .. 63 or kNoPrint
  const std::uint16_t* bin_starts =
      nullptr;  // [kDirectionBins + 1]: first code with direction >= 8 * bin
  const std::uint8_t* print_sizes = nullptr;  // [kBlockPrints] codes of each print, 0 .. 255
};

// How many best codes a score averages: rises with the smaller print, so that a small one cannot
// score high with a few lucky pairs. After Cappelli et al. 2010, n_P, with a linear ramp.
constexpr int pairs_counted(int probe_codes, int print_codes) {
  const int smaller = probe_codes < print_codes ? probe_codes : print_codes;
  const int n = smaller / 3 + 2;
  return n < 6 ? 6 : n > 14 ? 14 : n;
}

// For every print b of the block whose bit is set in `eligible`:
//
//     v(i, j) = kCodeBits - 2 * hamming(i, j)
//             = kCodeBits + 4 * popcount(i AND j) - 2 * popcount(i) - 2 * popcount(j)
//     m(j)    = max(0, max over probe codes i within the gate of j: v(i, j))
//     n       = pairs_counted(probe.count, print_sizes[b])
//     scores[b] = kScoreUnit * (sum of the n largest m(j), j in b) / n     rounded down
//
// and scores[b] = 0 for the others. All integers: every twin returns the same bits. When a print
// has fewer than n codes the missing ones count as 0.
//   scores  [kBlockPrints]  0 .. kMaxBlockScore
// Cost: probe.count * (codes within the gate) AND-popcounts; the block is read once a probe code.
// Source: the AND identity and local similarity sort of Minutia Cylinder-Code (Cappelli, Ferrara,
// Maltoni, IEEE TPAMI 32(12), 2010) on whitened sign codes; column maxima instead of all pairs.
using ScoreFingerBlock = void (*)(const FingerProbe& probe, const FingerBlock& block,
                                  std::uint64_t eligible, std::uint16_t* scores);

void score_finger_block_reference(const FingerProbe&, const FingerBlock&, std::uint64_t,
                                  std::uint16_t*);
void score_finger_block_avx2(const FingerProbe&, const FingerBlock&, std::uint64_t, std::uint16_t*);

}  // namespace whorl::kernels
