// Stage 1 by itself, the choice of the n best included: probes of 36 codes against blocks of 64
// prints of 36, in and out of cache, beside what this core can do: its peak of bit counting, and of
// reading memory. Only pairs within the gate are counted as work.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "bench/kernels/roofline.h"
#include "kernels/backend.h"
#include "tests/kernels/random_finger_block.h"

namespace whorl::kernels {
namespace {

constexpr int kCodes = 36;
constexpr double kGate45 = 65.0 / 256;  // share of code pairs within 32 steps either way

struct Workload {
  std::vector<OwnedProbe> probes;
  std::vector<OwnedBlock> blocks;
  std::vector<FingerProbe> views;
  std::vector<std::uint16_t> at_least;

  Workload(int batch, std::int64_t block_count, int gate) {
    FingerBlockMaker maker(1);
    for (int p = 0; p < batch; ++p) probes.push_back(maker.probe(kCodes, gate));
    for (std::int64_t b = 0; b < block_count; ++b) {
      blocks.push_back(maker.block(std::vector<int>(kBlockPrints, kCodes), OwnedProbe{}, 0));
    }
    for (const OwnedProbe& probe : probes) views.push_back(probe.view());
    at_least.assign(probes.size(), 0);
  }
  FingerBatch batch() const {
    return {views.data(), at_least.data(), static_cast<int>(views.size())};
  }
  Answers score(ScoreFingerBlock twin) const {
    Answers answers(batch().count, blocks[0].view());
    twin(batch(), blocks[0].view(), ~std::uint64_t{0}, nullptr, answers.columns(),
         answers.scores());
    return answers;
  }
  // As in a search whose list is full: each probe asks for what one print in a hundred reaches.
  void ask_for_the_best_hundredth() {
    for (std::size_t p = 0; p < probes.size(); ++p) {
      std::vector<int> scores;
      FingerBatch one{&views[p], &at_least[p], 1};
      for (std::size_t b = 0; b < std::min<std::size_t>(blocks.size(), 16); ++b) {
        Answers answers(1, blocks[b].view());
        score_finger_block_reference(one, blocks[b].view(), ~std::uint64_t{0}, nullptr,
                                     answers.columns(), answers.scores());
        for (int print = 0; print < kBlockPrints; ++print)
          scores.push_back(answers.score(0, print));
      }
      std::ranges::sort(scores);
      at_least[p] = static_cast<std::uint16_t>(scores[scores.size() * 99 / 100]);
    }
  }
};

void BM_ScoreFingerBlock(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  const auto batch = static_cast<int>(state.range(1)), gate = static_cast<int>(state.range(3));
  Workload work(batch, state.range(2), gate);
  work.ask_for_the_best_hundredth();
  const ScoreFingerBlock twin = score_finger_block(backend);
  if (!(work.score(twin) == work.score(score_finger_block_reference)))
    return state.SkipWithError("wrong answer");
  std::vector<FingerBlock> blocks;
  std::int64_t groups = 0, most_groups = 0;
  for (const OwnedBlock& block : work.blocks) {
    blocks.push_back(block.view());
    groups += blocks.back().groups;
    most_groups = std::max(most_groups, blocks.back().groups);
  }
  std::vector<FingerColumns> columns(static_cast<std::size_t>(batch * most_groups));
  std::vector<std::uint16_t> scores(static_cast<std::size_t>(batch) * kBlockPrints);
  std::size_t at = 0;
  const double start = cpu_seconds();
  for (auto _ : state) {
    const std::size_t next = (at + 1) % blocks.size();
    twin(work.batch(), blocks[at], ~std::uint64_t{0}, &blocks[next], columns.data(), scores.data());
    benchmark::DoNotOptimize(scores.data());
    at = next;
  }
  const double rate = static_cast<double>(state.iterations()) / (cpu_seconds() - start);
  const double comparisons = rate * kBlockPrints * batch;
  const double pairs = comparisons * kCodes * kCodes * (gate >= 128 ? 1 : kGate45);
  constexpr double kGroupBytes = kLanes * (2 * kCodeWords + 2);  // planes, directions, prints
  const double bytes =
      rate * kGroupBytes * static_cast<double>(groups) / static_cast<double>(blocks.size());
  state.counters["Mcomparisons_per_s"] = comparisons / 1e6;
  state.counters["Gpairs_per_s"] = pairs / 1e9;
  state.counters["peak_percent"] = 100 * pairs / peak_pairs_per_second(backend);
  state.counters["memory_percent"] = 100 * bytes / read_bytes_per_second();
  state.SetLabel(std::string(name_of(backend)));
}
// blocks 8: 0.7 MB, in L2; 1280: 100 MB, in memory. gate 32: upright; 128: any rotation.
BENCHMARK(BM_ScoreFingerBlock)
    ->ArgNames({"backend", "batch", "blocks", "gate"})
    ->Args({0, 1, 8, 32})
    ->ArgsProduct(
        {benchmark::CreateDenseRange(1, std::size(kBackends) - 1, 1), {1, 4, 16}, {8, 1280}, {32}})
    ->ArgsProduct({benchmark::CreateDenseRange(1, std::size(kBackends) - 1, 1), {1}, {8}, {128}});

}  // namespace
}  // namespace whorl::kernels
