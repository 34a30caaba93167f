#pragma once
// Stage 1 of fingerprint search: one probe against a block of up to 64 prints.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kCodeBits = 256;
inline constexpr int kCodeWords = kCodeBits / 16;  // 16-bit words: a popcount fits its own lane
inline constexpr int kLanes = 32;                  // codes side by side in one group of planes
inline constexpr int kBlockPrints = 64;            // one bit each in an eligibility mask
inline constexpr std::uint8_t kNoPrint = 255;      // owner of a padding lane
inline constexpr int kMaxProbeCodes = 255;
inline constexpr int kMaxBatchProbes = 16;
inline constexpr std::int64_t kMaxBlockGroups = kBlockPrints * 256 / kLanes;
inline constexpr int kScoreUnit = 16;  // fixed point of a block score
inline constexpr int kMaxBlockScore = kCodeBits * kScoreUnit;

struct ProbeCode {
  std::uint16_t words[kCodeWords];
  std::uint16_t popcount;         // 1 .. 256; codes without bits are not searched with
  std::uint16_t direction_steps;  // 0 .. 255
};

struct FingerProbe {
  const ProbeCode* codes = nullptr;  // ascending by direction: a twin walks the block once
  int count = 0;                     // 0 .. kMaxProbeCodes
  int gate_steps =
      32;  // largest turn between two codes that are compared; 32 = 45 degrees, 128 = any
};

// Probes that pass over a block together, so that it is read from memory once for all of them.
struct FingerBatch {
  const FingerProbe* probes = nullptr;      // [count]
  const std::uint16_t* at_least = nullptr;  // [count] lower scores are told as 0; 0 tells them all
  int count = 0;                            // 0 .. kMaxBatchProbes
};

// What one code of the block found in one probe: the least Hamming distance to a probe code within
// the gate, and the first probe code that has it, as (distance << 8) | code. Smaller is better.
using FingerColumn = std::uint16_t;
inline constexpr FingerColumn kNoPartner = kCodeBits / 2 << 8;  // none is nearer than chance
constexpr int value_of(FingerColumn column) { return kCodeBits - 2 * (column >> 8); }
constexpr int partner_of(FingerColumn column) { return column & 0xFF; }  // 0 without a partner
struct alignas(64) FingerColumns {                                       // of one group
  FingerColumn lanes[kLanes];
};

// The codes of up to 64 prints, concatenated and sorted by direction (ties: by print), padded with
// lanes that belong to kNoPrint. A view; the index owns the memory, which is also the layout on
// disk.
struct FingerBlock {
  std::int64_t groups = 0;  // of kLanes codes
  std::int64_t codes = 0;   // lanes from here on are padding
  // [groups][kCodeWords][kLanes]; 64-byte aligned
  const std::uint16_t* planes = nullptr;
  // [groups][kLanes], ascending; padding repeats the last
  const std::uint8_t* directions = nullptr;
  // [groups][kLanes], 0 .. 63 or kNoPrint
  const std::uint8_t* prints = nullptr;
  // [kBlockPrints] codes of each print, 0 .. 255
  const std::uint8_t* print_sizes = nullptr;
};

// How many best codes a score averages: rises with the smaller print, so that a small one cannot
// score high with a few lucky pairs. After Cappelli et al. 2010, n_P, with a linear ramp.
constexpr int pairs_counted(int probe_codes, int print_codes) {
  const int smaller = probe_codes < print_codes ? probe_codes : print_codes;
  const int n = smaller / 3 + 2;
  return n < 6 ? 6 : n > 14 ? 14 : n;
}

// For every probe p of the batch and every code j of the block:
//
//     h(i, j) = hamming(probe code i, j),  v(i, j) = kCodeBits - 2 * h(i, j)
//     column(p, j) = (h(i, j) << 8) | i of the smallest h, and the lowest i among equals,
//                     over probe codes i within the gate of j and with h < kCodeBits / 2;
//                     kNoPartner where there is none, and in lanes of kNoPrint
//     m(j)    = value_of(column(p, j)) = max(0, max over i within the gate: v(i, j))
//
// and for every print b whose bit is set in `eligible`:
//
//     n       = pairs_counted(probe.count, print_sizes[b])
//     score   = kScoreUnit * (sum of the n largest m(j), j in b) / n     rounded down
//     scores[p][b] = score if score >= at_least[p], else 0
//
// and scores[p][b] = 0 for the others. All integers: every twin returns the same bits. When a print
// has fewer than n codes the missing ones count as 0.
//
//   next     the block that will be asked for after this one, or null: fetched meanwhile
//   columns  [count, block.groups]   every column; caller's scratch, valid afterwards
//   scores   [count, kBlockPrints]   0 .. kMaxBlockScore
//
// A threshold saves time and changes no score that reaches it. For any t the sum of the n largest
// is at most n * t + sum of max(0, m - t), so a print whose bound stays below the threshold is not
// looked at closer. Cost: probe.count * (codes within the gate) XOR-popcounts, 12 cycles for 32 of
// them with AVX-512 on Zen 5.
// Source: local similarity sort of Minutia Cylinder-Code (Cappelli, Ferrara, Maltoni, IEEE TPAMI
// 32(12), 2010) on whitened sign codes; column maxima instead of all pairs.
using ScoreFingerBlock = void (*)(const FingerBatch& batch, const FingerBlock& block,
                                  std::uint64_t eligible, const FingerBlock* next,
                                  FingerColumns* columns, std::uint16_t* scores);

void score_finger_block_reference(const FingerBatch&, const FingerBlock&, std::uint64_t,
                                  const FingerBlock*, FingerColumns*, std::uint16_t*);
void score_finger_block_avx2(const FingerBatch&, const FingerBlock&, std::uint64_t,
                             const FingerBlock*, FingerColumns*, std::uint16_t*);
void score_finger_block_avx512(const FingerBatch&, const FingerBlock&, std::uint64_t,
                               const FingerBlock*, FingerColumns*, std::uint16_t*);
void score_finger_block_amx(const FingerBatch&, const FingerBlock&, std::uint64_t,
                            const FingerBlock*, FingerColumns*, std::uint16_t*);

}  // namespace whorl::kernels
