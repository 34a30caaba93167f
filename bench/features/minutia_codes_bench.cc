#include <benchmark/benchmark.h>

#include "engine/features/fingerprint/cylinder.h"
#include "engine/features/fingerprint/minutia_codes.h"
#include "scanners/simulated/people.h"

namespace whorl::features {
namespace {

// The first simulated print of so many minutiae.
FingerTemplate print_of(std::int64_t minutiae) {
  const scanners::Population population(1);
  for (std::uint64_t person = 0;; ++person) {
    FingerTemplate print = population.person(person).capture(FingerPosition::right_index, 0);
    if (std::ssize(print.minutiae) == minutiae) return print;
  }
}

// The first half of describing; tests/features holds it against its definition.
void BM_Cylinders(benchmark::State& state) {
  const FingerTemplate print = print_of(state.range(0));
  for (auto _ : state) {
    const Cylinders cylinders = cylinders_of(print.minutiae);
    benchmark::DoNotOptimize(cylinders.cells.data());
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
}
BENCHMARK(BM_Cylinders)->ArgName("minutiae")->Arg(27)->Arg(36);

void BM_DescribeMinutiae(benchmark::State& state) {
  const FingerTemplate plain = print_of(state.range(0));
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
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
}
BENCHMARK(BM_DescribeMinutiae)->ArgName("minutiae")->Arg(27)->Arg(36);

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
