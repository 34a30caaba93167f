#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

void BM_FaceDot(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  const std::int64_t rows = state.range(1), dimension = state.range(2);
  std::mt19937 random(1);
  std::vector<float> gallery(static_cast<std::size_t>(rows * dimension)),
      out(static_cast<std::size_t>(rows));
  for (float& value : gallery) value = static_cast<float>(random() % 2001) / 1000 - 1;
  const MatrixView<const float> view{gallery.data(), rows, dimension};
  float expected = 0;
  face_dot_reference(gallery.data(), {gallery.data() + dimension, 1, dimension}, &expected);
  face_dot(backend)(gallery.data(), view, out.data());
  if (out[1] != expected) return state.SkipWithError("wrong answer");
  for (auto _ : state) {
    face_dot(backend)(gallery.data(), view, out.data());
    benchmark::ClobberMemory();
  }
  state.counters["templates"] = {static_cast<double>(state.iterations() * rows),
                                 benchmark::Counter::kIsRate};
  state.SetBytesProcessed(state.iterations() * rows * dimension * 4);
  state.SetLabel(std::string(name_of(backend)));
}
BENCHMARK(BM_FaceDot)
    ->ArgNames({"backend", "rows", "dimension"})
    ->Args({0, 1024, 128})
    ->Args({1, 1024, 128})
    ->Args({2, 1024, 128})
    ->Args({1, 200'000, 128})
    ->Args({2, 200'000, 128})
    ->Args({2, 50'000, 512});

}  // namespace
}  // namespace whorl::kernels
