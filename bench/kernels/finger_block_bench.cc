// Stage 1 by itself: one probe of 36 codes against blocks of 64 prints of 36, in and out of cache.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "kernels/backend.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {
namespace {

constexpr int kCodes = 36;

void BM_ScoreFingerBlock(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  FingerBlockMaker maker(1);
  const OwnedProbe probe = maker.probe(kCodes, static_cast<int>(state.range(2)));
  std::vector<OwnedBlock> blocks;
  for (int b = 0; b < state.range(1); ++b) {
    blocks.push_back(maker.block(std::vector<int>(kBlockPrints, kCodes), probe, 0));
  }
  std::uint16_t expected[kBlockPrints], scores[kBlockPrints];
  score_finger_block_reference(probe.view(), blocks[0].view(), ~std::uint64_t{0}, expected);
  score_finger_block(backend)(probe.view(), blocks[0].view(), ~std::uint64_t{0}, scores);
  if (!std::ranges::equal(expected, scores)) return state.SkipWithError("wrong answer");
  std::size_t next = 0;
  for (auto _ : state) {
    score_finger_block(backend)(probe.view(), blocks[next].view(), ~std::uint64_t{0}, scores);
    benchmark::DoNotOptimize(scores);
    next = (next + 1) % blocks.size();
  }
  state.counters["comparisons"] = {static_cast<double>(state.iterations()) * kBlockPrints,
                                   benchmark::Counter::kIsRate};
  state.SetLabel(std::string(name_of(backend)));
}
// blocks 8: 0.7 MB, in L2; 1024: 90 MB, in memory. gate 32: upright; 128: any rotation.
BENCHMARK(BM_ScoreFingerBlock)
    ->ArgNames({"backend", "blocks", "gate"})
    ->Args({0, 8, 32})
    ->Args({1, 8, 32})
    ->Args({1, 8, 128})
    ->Args({1, 1024, 32});

}  // namespace
}  // namespace whorl::kernels
