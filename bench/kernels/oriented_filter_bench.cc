// The filter that makes ridges clear, on a picture the size of a print. Steps 1 and 2 are its two
// uses: the final picture, and a look at half scale.

#include <benchmark/benchmark.h>

#include <new>
#include <random>
#include <vector>

#include "bench/kernels/roofline.h"
#include "kernels/backend.h"

namespace whorl::kernels {
namespace {

constexpr int kWeights = kFilterSide * kFilterSide;
constexpr int kKernels = 48 * 14;  // as the extractor has: 774 kB
constexpr int kWidth = 388 + 32, kHeight = 374 + 32;

struct Work {
  std::vector<std::int16_t> picture = std::vector<std::int16_t>(std::size_t{kWidth} * kHeight);
  std::int16_t* bank = new (std::align_val_t{32}) std::int16_t[std::size_t{kKernels} * kWeights];
  std::vector<FilterSpot> spots;
  int step;

  explicit Work(int step_of_outputs) : step(step_of_outputs) {
    std::mt19937 random(1);
    for (auto& v : picture)
      v = static_cast<std::int16_t>(static_cast<int>(random() % 13107) - 6553);
    for (int i = 0; i < kKernels * kWeights; ++i) {
      bank[i] = static_cast<std::int16_t>(static_cast<int>(random() % 455) - 227);
    }
    // Neighbours mostly share a kernel, as directions and periods vary slowly.
    for (int y = 0; y + kFilterSide + step <= kHeight; y += 2 * step) {
      for (int x = 0; x + kFilterSide + step <= kWidth; x += 2 * step) {
        spots.push_back({y * kWidth + x, (x / 12 + 5 * (y / 12)) % kKernels});
      }
    }
  }
  ~Work() { ::operator delete[](bank, std::align_val_t{32}); }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  std::vector<std::int32_t> filtered(OrientedFilter filter) const {
    std::vector<std::int32_t> out(4 * spots.size());
    filter({picture.data(), kWidth, step}, bank, spots.data(), std::ssize(spots), out.data());
    return out;
  }
};

void BM_OrientedFilter(benchmark::State& state) {
  const Backend backend{static_cast<std::uint8_t>(state.range(0))};
  if (!available(backend)) return state.SkipWithError("not on this machine");
  const Work work(static_cast<int>(state.range(1)));
  std::vector<std::int32_t> out = work.filtered(oriented_filter(backend));
  if (out != work.filtered(oriented_filter_reference)) return state.SkipWithError("wrong answer");
  const double start = cpu_seconds();
  for (auto _ : state) {
    oriented_filter(backend)({work.picture.data(), kWidth, work.step}, work.bank, work.spots.data(),
                             std::ssize(work.spots), out.data());
    benchmark::ClobberMemory();
  }
  const double seconds = cpu_seconds() - start;
  const auto spots = static_cast<double>(state.iterations() * std::ssize(work.spots));
  state.counters["spots_per_cpu_s"] = spots / seconds;
  state.counters["gmac_per_cpu_s"] = spots * 4 * kWeights / seconds * 1e-9;
  if (const double peak = peak_products_per_second(backend); peak > 0) {
    state.counters["share_of_peak"] = spots * 4 * kWeights / seconds / peak;
  }
  state.SetLabel(std::string(name_of(backend)));
}
BENCHMARK(BM_OrientedFilter)->ArgNames({"backend", "step"})->ArgsProduct({{0, 1, 2}, {1, 2}});

}  // namespace
}  // namespace whorl::kernels
