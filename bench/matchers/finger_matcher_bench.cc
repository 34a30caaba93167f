#include <benchmark/benchmark.h>

#include "engine/matchers/finger_matcher.h"
#include "scanners/simulated/people.h"

namespace whorl::matchers {
namespace {

FingerTemplate print_of(std::uint64_t person, std::uint64_t number) {
  return scanners::Population(1).person(person).capture(FingerPosition::right_index, number);
}

kernels::Backend backend_of(const benchmark::State& state) {
  return kernels::Backend{static_cast<std::uint8_t>(state.range(0))};
}

void BM_PreparePrint(benchmark::State& state) {
  const kernels::Backend backend = backend_of(state);
  if (!kernels::available(backend)) return state.SkipWithError("not on this machine");
  std::vector<FingerTemplate> prints;
  for (std::uint64_t p = 0; p < 32; ++p) prints.push_back(print_of(p, 0));
  PreparedPrint prepared, expected;
  prepared.prepare(prints[0], backend);
  expected.prepare(prints[0], kernels::Backend::reference);
  if (prepared.vectors.values != expected.vectors.values)
    return state.SkipWithError("wrong answer");
  std::size_t next = 0;
  double minutiae = 0;
  for (auto _ : state) {
    prepared.prepare(prints[next], backend);
    minutiae += static_cast<double>(prepared.size());
    next = (next + 1) % prints.size();
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
  state.counters["minutiae"] = minutiae / static_cast<double>(state.iterations());
  state.SetLabel(std::string(kernels::name_of(backend)));
}
BENCHMARK(BM_PreparePrint)->ArgName("backend")->DenseRange(0, std::size(kernels::kBackends) - 1);

// Prepared prints cut to at most 35 minutiae: what peers' figures are given for.
void BM_CompareFingers(benchmark::State& state) {
  const kernels::Backend backend = backend_of(state);
  if (!kernels::available(backend)) return state.SkipWithError("not on this machine");
  const bool mates = state.range(1) != 0;
  const Rotation rotation = state.range(2) != 0 ? Rotation::any : Rotation::upright;
  std::vector<PreparedPrint> first(32), second(32);
  for (std::uint64_t p = 0; p < first.size(); ++p) {
    FingerTemplate a = print_of(p, 0), b = print_of(mates ? p : p + 100, 1);
    if (a.minutiae.size() > 35) a.minutiae.resize(35);
    if (b.minutiae.size() > 35) b.minutiae.resize(35);
    first[p].prepare(a, backend), second[p].prepare(b, backend);
  }
  FingerMatcher matcher(backend);
  int above = 0;
  for (std::size_t p = 0; p < first.size(); ++p)
    above += matcher.compare(first[p], second[p], rotation).value() > 20;
  if (mates ? above < 28 : above > 2) return state.SkipWithError("wrong answer");
  std::size_t next = 0;
  double minutiae = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(matcher.compare(first[next], second[next], rotation));
    minutiae += static_cast<double>(first[next].size());
    next = (next + 1) % first.size();
  }
  state.counters["comparisons"] = {static_cast<double>(state.iterations()),
                                   benchmark::Counter::kIsRate};
  state.counters["minutiae"] = minutiae / static_cast<double>(state.iterations());
  state.SetLabel(std::string(kernels::name_of(backend)));
}
BENCHMARK(BM_CompareFingers)
    ->ArgNames({"backend", "mates", "any_rotation"})
    ->ArgsProduct({benchmark::CreateDenseRange(0, std::size(kernels::kBackends) - 1, 1),
                   {0, 1},
                   {0, 1}});

}  // namespace
}  // namespace whorl::matchers
