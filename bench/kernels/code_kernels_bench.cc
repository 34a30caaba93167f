#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

void BM_ProjectSigns(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  constexpr std::int64_t kCylinders = 36;
  std::mt19937 random(1);
  std::vector<std::int8_t> rows(kSignBits * kCylinderCells);
  for (auto& r : rows) r = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  std::vector<std::int32_t> thresholds(kSignBits);
  std::vector<std::uint8_t> cells(kCylinders * kCylinderCells);
  for (auto& c : cells) c = static_cast<std::uint8_t>(random() % 128);
  std::vector<std::uint16_t> words(kCylinders * kSignBits / 16), expected = words;
  const SignProjection projection{rows.data(), thresholds.data()};
  project_signs_reference(projection, cells.data(), kCylinders, expected.data());
  project_signs(backend)(projection, cells.data(), kCylinders, words.data());
  if (words != expected) return state.SkipWithError("wrong answer");
  for (auto _ : state) {
    project_signs(backend)(projection, cells.data(), kCylinders, words.data());
    benchmark::ClobberMemory();
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
  state.SetLabel(std::string(name_of(backend)));
}
BENCHMARK(BM_ProjectSigns)->ArgName("backend")->DenseRange(0, std::size(kBackends) - 1);

void BM_VectorDots(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  constexpr std::int64_t kMinutiae = 36;
  std::mt19937 random(1);
  std::vector<std::int8_t> a(kMinutiae * kVectorSize), b = a;
  for (auto& v : a) v = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  for (auto& v : b) v = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  std::vector<std::int32_t> out(kMinutiae * kMinutiae), expected = out;
  const MatrixView<const std::int8_t> first{a.data(), kMinutiae, kVectorSize},
      second{b.data(), kMinutiae, kVectorSize};
  vector_dots_reference(first, second, {expected.data(), kMinutiae, kMinutiae});
  vector_dots(backend)(first, second, {out.data(), kMinutiae, kMinutiae});
  if (out != expected) return state.SkipWithError("wrong answer");
  for (auto _ : state) {
    vector_dots(backend)(first, second, {out.data(), kMinutiae, kMinutiae});
    benchmark::ClobberMemory();
  }
  state.counters["prints"] = {static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
  state.SetLabel(std::string(name_of(backend)));
}
BENCHMARK(BM_VectorDots)->ArgName("backend")->DenseRange(0, std::size(kBackends) - 1);

}  // namespace
}  // namespace whorl::kernels
