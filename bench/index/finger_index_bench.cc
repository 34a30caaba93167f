#include <benchmark/benchmark.h>

#include <deque>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/index/finger_index.h"
#include "engine/search/survivor_policy.h"
#include "scanners/simulated/people.h"

namespace whorl::index {
namespace {

struct People {
  std::deque<FingerTemplate> prints;
  std::vector<FingerPrint> rows;
  FingerIndex index{FingerPosition::right_index, features::kMinutiaCodeVersion};

  explicit People(std::uint64_t count) {
    const scanners::Population population(1);
    for (std::uint64_t p = 0; p < count; ++p) {
      prints.push_back(population.person(p).capture(FingerPosition::right_index, 0));
      features::describe_minutiae(prints.back());
      PrintOwner owner;
      owner.subject = p + 1;
      rows.push_back({owner, &prints.back()});
    }
    index.append(rows);
  }
};

void BM_SearchPrints(benchmark::State& state) {
  static const People people(4096);
  const auto batch = static_cast<std::size_t>(state.range(0));
  std::vector<FingerProbe> probes;
  for (std::size_t p = 0; p < batch; ++p) probes.emplace_back(people.prints[p * 7], 32);
  for (auto _ : state) {
    std::vector<CodeHits> hits(batch, CodeHits(100));
    people.index.rank_by_codes(probes, {}, kernels::best_backend(), 0, people.index.blocks(), hits);
    if (hits[batch - 1].sorted().front().owner.subject != (batch - 1) * 7 + 1)
      return state.SkipWithError("wrong answer");
  }
  state.counters["comparisons"] = {
      static_cast<double>(state.iterations()) * 4096 * static_cast<double>(batch),
      benchmark::Counter::kIsRate};
  state.counters["template_bytes"] = static_cast<double>(people.index.resident_bytes()) / 4096;
}
BENCHMARK(BM_SearchPrints)->ArgName("batch")->Arg(1)->Arg(16);

// Codes and alignment, as a search does it: by twin, and by the votes a print needs to be aligned.
void BM_ShortlistPrints(benchmark::State& state) {
  static const People people(4096);
  const kernels::Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!kernels::available(backend)) return state.SkipWithError("not on this machine");
  const Passage usual = search::policy_for(search::kDefaultMaxLoss).passage;
  const Passage passage{static_cast<int>(state.range(1)), usual.alignment};
  constexpr std::size_t kBatch = 16;
  std::vector<FingerProbe> probes;
  for (std::size_t p = 0; p < kBatch; ++p) probes.emplace_back(people.prints[p * 7], 45);
  for (auto _ : state) {
    std::vector<Shortlist> lists(kBatch, Shortlist(41));
    people.index.search(probes, {}, passage, backend, 0, people.index.blocks(), lists);
    for (std::size_t p = 0; p < kBatch; ++p) {
      const auto list = lists[p].sorted();
      if (passage.votes <= kernels::kMaxVotes &&
          (list.empty() || list.front().owner.subject != p * 7 + 1))
        return state.SkipWithError("wrong answer");
    }
  }
  state.counters["comparisons"] = {static_cast<double>(state.iterations()) * 4096 * kBatch,
                                   benchmark::Counter::kIsRate};
  state.SetLabel(std::string(kernels::name_of(backend)));
}
// More votes than there are: codes and votes alone; 120: as usual; 0: every print is aligned.
BENCHMARK(BM_ShortlistPrints)
    ->ArgNames({"backend", "votes"})
    ->ArgsProduct({{1, 2, 3}, {kernels::kMaxVotes + 1, 120, 0}});

void BM_AppendPrints(benchmark::State& state) {
  static const People people(256);
  for (auto _ : state) {
    FingerIndex index(FingerPosition::right_index, features::kMinutiaCodeVersion);
    index.append(people.rows);
    if (index.live() != 256) return state.SkipWithError("wrong answer");
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()) * 256,
                              benchmark::Counter::kIsRate};
}
BENCHMARK(BM_AppendPrints);

}  // namespace
}  // namespace whorl::index
