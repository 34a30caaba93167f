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

// v(i, j) of the contract, straight from its first line.
int similarity(const ProbeCode& probe, const FingerBlock& block, std::int64_t code) {
  const std::uint16_t* plane = block.planes + code / kLanes * kCodeWords * kLanes + code % kLanes;
  int hamming = 0;
  for (int w = 0; w < kCodeWords; ++w) {
    hamming += std::popcount(static_cast<unsigned>(probe.words[w] ^ plane[w * kLanes]));
  }
  return kCodeBits - 2 * hamming;
}

}  // namespace

// The definition, written to be read; the oracle of every twin's test.
void score_finger_block_reference(const FingerProbe& probe, const FingerBlock& block,
                                  std::uint64_t eligible, std::uint16_t* scores) {
  std::vector<int> best[kBlockPrints];
  for (std::int64_t code = 0; code < block.groups * kLanes; ++code) {
    if (block.prints[code] == kNoPrint) continue;
    int m = 0;
    for (int i = 0; i < probe.count; ++i) {
      if (turn_between(probe.codes[i].direction_steps, block.directions[code]) > probe.gate_steps)
        continue;
      m = std::max(m, similarity(probe.codes[i], block, code));
    }
    best[block.prints[code]].push_back(m);
  }
  for (int b = 0; b < kBlockPrints; ++b) {
    std::sort(best[b].begin(), best[b].end(), std::greater<>());
    const int n = pairs_counted(probe.count, block.print_sizes[b]);
    int sum = 0;
    for (std::size_t i = 0; i < best[b].size() && i < static_cast<std::size_t>(n); ++i)
      sum += best[b][i];
    scores[b] = static_cast<std::uint16_t>((eligible >> b & 1U) != 0 ? kScoreUnit * sum / n : 0);
  }
}

}  // namespace whorl::kernels
