#include <benchmark/benchmark.h>

#include "engine/features/fingerprint/minutia_codes.h"
#include "scanners/simulated/people.h"

namespace whorl::features {
namespace {

void BM_DescribeMinutiae(benchmark::State& state) {
  const FingerTemplate plain =
      scanners::Population(1).person(3).capture(FingerPosition::right_index, 0);
  FingerTemplate expected = plain;
  describe_minutiae(expected, kernels::Backend::reference);
  FingerTemplate print = plain;
  describe_minutiae(print);
  if (print != expected) return state.SkipWithError("wrong answer");
  for (auto _ : state) {
    print.code_version = 0;
    describe_minutiae(print);
    benchmark::DoNotOptimize(print.codes.data());
  }
  state.counters["minutiae"] = static_cast<double>(plain.minutiae.size());
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
}
BENCHMARK(BM_DescribeMinutiae);

void BM_SimulatedCapture(benchmark::State& state) {
  const scanners::Population population(1);
  std::uint64_t person = 0;
  for (auto _ : state) {
    const FingerTemplate print =
        population.person(person++).capture(FingerPosition::right_index, 0);
    if (print.minutiae.empty()) return state.SkipWithError("wrong answer");
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
}
BENCHMARK(BM_SimulatedCapture);

}  // namespace
}  // namespace whorl::features
