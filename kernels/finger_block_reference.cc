#include <algorithm>
#include <bit>
#include <cstdlib>
#include <functional>
#include <vector>

#include "kernels/finger_block.h"

namespace whorl::kernels {
namespace {

int turn_between(int a, int b) {
  const int turn = std::abs(a - b);
  return std::min(turn, 256 - turn);
}

int hamming(const ProbeCode& probe, const FingerBlock& block, std::int64_t code) {
  const std::uint16_t* plane = block.planes + code / kLanes * kCodeWords * kLanes + code % kLanes;
  int bits = 0;
  for (int w = 0; w < kCodeWords; ++w) {
    bits += std::popcount(static_cast<unsigned>(probe.words[w] ^ plane[w * kLanes]));
  }
  return bits;
}

FingerColumn best_partner(const FingerProbe& probe, const FingerBlock& block, std::int64_t code) {
  if (block.prints[code] == kNoPrint) return kNoPartner;
  int best = kNoPartner;
  for (int i = 0; i < probe.count; ++i) {
    if (turn_between(probe.codes[i].direction_steps, block.directions[code]) > probe.gate_steps)
      continue;
    const int distance = hamming(probe.codes[i], block, code);
    if (distance < kCodeBits / 2) best = std::min(best, distance << 8 | i);
  }
  return static_cast<FingerColumn>(best);
}

void score_probe(const FingerProbe& probe, const FingerBlock& block, std::uint64_t eligible,
                 int at_least, FingerColumns* columns, std::uint16_t* scores) {
  std::vector<int> best[kBlockPrints];
  for (std::int64_t code = 0; code < block.groups * kLanes; ++code) {
    const FingerColumn column = best_partner(probe, block, code);
    columns[code / kLanes].lanes[code % kLanes] = column;
    if (block.prints[code] != kNoPrint) { best[block.prints[code]].push_back(value_of(column)); }
  }
  for (int b = 0; b < kBlockPrints; ++b) {
    std::sort(best[b].begin(), best[b].end(), std::greater<>());
    const int n = pairs_counted(probe.count, block.print_sizes[b]);
    int sum = 0;
    for (std::size_t i = 0; i < best[b].size() && i < static_cast<std::size_t>(n); ++i)
      sum += best[b][i];
    const int score = kScoreUnit * sum / n;
    const bool told = (eligible >> b & 1U) != 0 && score >= at_least;
    scores[b] = static_cast<std::uint16_t>(told ? score : 0);
  }
}

}  // namespace

// The definition, written to be read; the oracle of every twin's test.
void score_finger_block_reference(const FingerBatch& batch, const FingerBlock& block,
                                  std::uint64_t eligible, const FingerBlock* /*next*/,
                                  FingerColumns* columns, std::uint16_t* scores) {
  for (int p = 0; p < batch.count; ++p) {
    score_probe(batch.probes[p], block, eligible, batch.at_least[p], columns + p * block.groups,
                scores + p * kBlockPrints);
  }
}

}  // namespace whorl::kernels
