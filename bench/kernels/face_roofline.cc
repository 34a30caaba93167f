#include "bench/kernels/face_roofline.h"

#include <cstring>
#include <iterator>

#include "bench/kernels/roofline.h"

#if defined(__x86_64__)
#include "kernels/amx_tiles.h"
#endif

namespace whorl::kernels {
namespace {

#if defined(__x86_64__)
constexpr std::int64_t kRounds = 1'000'000;
// Twelve independent sums: enough to hide every latency.
#define WHORL_TWELVE(ONE) \
  ONE(0) ONE(1) ONE(2) ONE(3) ONE(4) ONE(5) ONE(6) ONE(7) ONE(8) ONE(9) ONE(10) ONE(11)
#define WHORL_SUMS                                                                         \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
      "xmm11", "xmm12"

void multiply_avx2() {
#define WHORL_SUM(N)                         \
  "vpsignb %%ymm13, %%ymm14, %%ymm12\n\t"    \
  "vpmaddubsw %%ymm12, %%ymm13, %%ymm12\n\t" \
  "vpmaddwd %%ymm15, %%ymm12, %%ymm12\n\t"   \
  "vpaddd %%ymm12, %%ymm" #N ", %%ymm" #N "\n\t"
  for (std::int64_t i = 0; i < kRounds; ++i) {
    __asm__ volatile(WHORL_TWELVE(WHORL_SUM)::: WHORL_SUMS);
  }
#undef WHORL_SUM
}

void multiply_avx512() {
#define WHORL_SUM(N) "vpdpbusd %%zmm13, %%zmm14, %%zmm" #N "\n\t"
  for (std::int64_t i = 0; i < kRounds; ++i) {
    __asm__ volatile(WHORL_TWELVE(WHORL_SUM)::: WHORL_SUMS);
  }
#undef WHORL_SUM
}

double measured_peak(Backend backend) {
  constexpr double kSums = 12 * static_cast<double>(kRounds);
  if (!available(backend)) return 0;
  switch (backend) {
    case Backend::reference:
      return 0;
    case Backend::avx2:
      return 32 * kSums / best_seconds(9, multiply_avx2);
    case Backend::avx512:
      return 64 * kSums / best_seconds(9, multiply_avx512);
    case Backend::amx:
      return kTileSize * kTileRows * peak_tile_products_per_second();
  }
  return 0;
}
#else
double measured_peak(Backend) { return 0; }
#endif

}  // namespace

double peak_byte_products_per_second(Backend backend) {
  static double peaks[std::size(kBackends)] = {};
  double& peak = peaks[static_cast<std::size_t>(backend)];
  if (peak == 0) peak = measured_peak(backend);
  return peak;
}

// Eight words at a time in sums that do not wait for one another; compiled with what every x86-64
// has, which is enough to wait for nothing but memory. Lines are asked for as the kernels do.
double read_bytes_per_second(const std::uint8_t* const* pieces, std::int64_t count,
                             std::int64_t piece_bytes) {
  std::uint64_t sums[8] = {};
  const double seconds = best_seconds(5, [&] {
    for (std::int64_t p = 0; p < count; ++p) {
      for (std::int64_t at = 0; at + 64 <= piece_bytes; at += 64) {
        std::uint64_t words[8];
        std::memcpy(words, pieces[p] + at, sizeof words);
        __builtin_prefetch(pieces[p] + at + 4096, 0, 2);
        for (int lane = 0; lane < 8; ++lane) sums[lane] += words[lane];
      }
    }
    __asm__ volatile("" ::"r"(sums) : "memory");
  });
  return static_cast<double>(count * piece_bytes) / seconds;
}

}  // namespace whorl::kernels
