// WSQ there and back: a print of one finger at 500 ppi, and four fingers at once.

#include <benchmark/benchmark.h>

#include "engine/formats/images/wsq.h"
#include "tests/support/ridge_picture.h"

namespace whorl::formats {
namespace {

// Nearer than the pictures of a working codec; a broken one is 10 dB and more away.
constexpr double kLeastPsnrDb = 33;

void count_pixels(benchmark::State& state, const Image& image, const Bytes& bytes) {
  const auto pixels = static_cast<double>(image.samples.size());
  state.counters["pixels"] = {pixels, benchmark::Counter::kIsIterationInvariantRate};
  state.counters["bits_per_pixel"] = 8 * static_cast<double>(bytes.size()) / pixels;
}

// The picture that went in, coded and decoded once, is near enough; else the bench says so.
bool is_right(benchmark::State& state, const Image& image, const Result<Bytes>& bytes) {
  const auto back = bytes ? decode_wsq(*bytes) : Result<Image>(fail(Fault::damaged_file));
  if (back && test::psnr_db(image, *back) >= kLeastPsnrDb) return true;
  state.SkipWithError("wrong answer");
  return false;
}

void BM_DecodeWsq(benchmark::State& state) {
  const Image image =
      test::ridge_picture(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const auto bytes = encode_wsq(image);
  if (!is_right(state, image, bytes)) return;
  for (auto _ : state) benchmark::DoNotOptimize(decode_wsq(*bytes));
  count_pixels(state, image, *bytes);
}

void BM_EncodeWsq(benchmark::State& state) {
  const Image image =
      test::ridge_picture(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const auto bytes = encode_wsq(image);
  if (!is_right(state, image, bytes)) return;
  for (auto _ : state) benchmark::DoNotOptimize(encode_wsq(image));
  count_pixels(state, image, *bytes);
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"width_px", "height_px"})
      ->Args({388, 374})
      ->Args({500, 600})
      ->Args({1600, 1000});
  bench->Unit(benchmark::kMillisecond);
}
BENCHMARK(BM_DecodeWsq)->Apply(sizes);
BENCHMARK(BM_EncodeWsq)->Apply(sizes);

}  // namespace
}  // namespace whorl::formats
