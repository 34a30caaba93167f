#include <benchmark/benchmark.h>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/matchers/finger_matcher.h"
#include "scanners/simulated/people.h"

namespace whorl::matchers {
namespace {

FingerTemplate print_of(std::uint64_t person, std::uint64_t number) {
  FingerTemplate print =
      scanners::Population(1).person(person).capture(FingerPosition::right_index, number);
  features::describe_minutiae(print);
  return print;
}

void BM_CompareFingers(benchmark::State& state) {
  const bool mates = state.range(0) != 0;
  std::vector<FingerTemplate> first, second;
  for (std::uint64_t p = 0; p < 32; ++p)
    first.push_back(print_of(p, 0)), second.push_back(print_of(mates ? p : p + 100, 1));
  FingerMatcher matcher;
  int above = 0;
  for (std::size_t p = 0; p < first.size(); ++p)
    above += matcher.compare(first[p], second[p]).value() > 20;
  if (mates ? above < 30 : above > 2) return state.SkipWithError("wrong answer");
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(matcher.compare(first[next], second[next]));
    next = (next + 1) % first.size();
  }
  state.counters["comparisons"] = {static_cast<double>(state.iterations()),
                                   benchmark::Counter::kIsRate};
}
BENCHMARK(BM_CompareFingers)->ArgName("mates")->Arg(0)->Arg(1);

}  // namespace
}  // namespace whorl::matchers
