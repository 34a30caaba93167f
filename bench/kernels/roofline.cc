#include "bench/kernels/roofline.h"

#include <cstdint>
#include <ctime>
#include <vector>

#if defined(__x86_64__)
#include "kernels/amx_tiles.h"
#endif

namespace whorl::kernels {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

namespace {

constexpr int kRuns = 9;
constexpr std::int64_t kRounds = 1'000'000;  // of eight words

#if defined(__x86_64__)
// Eight independent words: enough to hide every latency.
#define WHORL_EIGHT(ONE) ONE(0) ONE(1) ONE(2) ONE(3) ONE(4) ONE(5) ONE(6) ONE(7)
#define WHORL_CLOBBERED \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"

void count_avx512() {
#define WHORL_WORD(N)               \
  "vpxorq %%zmm8, %%zmm9, %%zmm" #N \
  "\n\t"                            \
  "vpopcntw %%zmm" #N ", %%zmm" #N  \
  "\n\t"                            \
  "vpaddw %%zmm10, %%zmm" #N ", %%zmm" #N "\n\t"
  for (std::int64_t i = 0; i < kRounds; ++i) {
    __asm__ volatile(WHORL_EIGHT(WHORL_WORD)::: WHORL_CLOBBERED);
  }
#undef WHORL_WORD
}

void count_avx2() {
#define WHORL_WORD(N)                     \
  "vpxor %%ymm8, %%ymm9, %%ymm" #N        \
  "\n\t"                                  \
  "vpsrlw $4, %%ymm" #N                   \
  ", %%ymm11\n\t"                         \
  "vpand %%ymm10, %%ymm" #N ", %%ymm" #N  \
  "\n\t"                                  \
  "vpand %%ymm10, %%ymm11, %%ymm11\n\t"   \
  "vpshufb %%ymm" #N ", %%ymm8, %%ymm" #N \
  "\n\t"                                  \
  "vpshufb %%ymm11, %%ymm8, %%ymm11\n\t"  \
  "vpaddb %%ymm11, %%ymm" #N ", %%ymm" #N \
  "\n\t"                                  \
  "vpaddb %%ymm9, %%ymm" #N ", %%ymm" #N "\n\t"
  for (std::int64_t i = 0; i < kRounds; ++i) {
    __asm__ volatile(WHORL_EIGHT(WHORL_WORD)::: WHORL_CLOBBERED);
  }
#undef WHORL_WORD
}

void multiply_avx2() {
#define WHORL_WORD(N)                    \
  "vpmaddwd %%ymm8, %%ymm9, %%ymm10\n\t" \
  "vpaddd %%ymm10, %%ymm" #N ", %%ymm" #N "\n\t"
  for (std::int64_t i = 0; i < kRounds; ++i) {
    __asm__ volatile(WHORL_EIGHT(WHORL_WORD)::: WHORL_CLOBBERED);
  }
#undef WHORL_WORD
}

void multiply_amx() {
  Tiles tiles;
  for (std::int64_t i = 0; i < kRounds; ++i) {
    tiles.add_products<0, 4, 6>();
    tiles.add_products<1, 4, 7>();
    tiles.add_products<2, 5, 6>();
    tiles.add_products<3, 5, 7>();
  }
}

double measured_peak(Backend backend) {
  constexpr auto kWords = static_cast<double>(kRounds * 8);
  if (backend == Backend::amx && available(backend)) {
    return kTileRows * kTileRows / 4.0 * peak_tile_products_per_second();
  }
  if (backend == Backend::avx512 && available(backend)) {
    return 32 * kWords / kCodeWords / best_seconds(kRuns, count_avx512);
  }
  return available(Backend::avx2) ? 16 * kWords / kCodeWords / best_seconds(kRuns, count_avx2) : 0;
}

double measured_products() {
  constexpr auto kProducts = static_cast<double>(kRounds * 8 * 16);
  return available(Backend::avx2) ? kProducts / best_seconds(kRuns, multiply_avx2) : 0;
}

double measured_tiles() {
  constexpr auto kProducts = static_cast<double>(kRounds * 4);
  return available(Backend::amx) ? kProducts / best_seconds(kRuns, multiply_amx) : 0;
}
#else
double measured_peak(Backend) { return 0; }
double measured_products() { return 0; }
double measured_tiles() { return 0; }
#endif

}  // namespace

double peak_pairs_per_second(Backend backend) {
  static double peaks[std::size(kBackends)] = {};
  double& peak = peaks[static_cast<std::size_t>(backend)];
  if (peak == 0) peak = measured_peak(backend);
  return peak;
}

double peak_products_per_second(Backend backend) {
  static const double peak = measured_products();
  return backend == Backend::reference ? 0 : peak;
}

double peak_tile_products_per_second() {
  static const double peak = measured_tiles();
  return peak;
}

double read_bytes_per_second() {
  static const double rate = [] {
    const std::vector<std::uint64_t> memory(std::size_t{16} << 20, 1);
    std::uint64_t sum = 0;
    const double seconds = best_seconds(kRuns, [&] {
      std::uint64_t sums[8] = {};
      for (std::size_t i = 0; i < memory.size(); i += 8) {
        for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += memory[i + lane];
      }
      for (const std::uint64_t s : sums) sum += s;
    });
    return sum == 0 ? 0 : static_cast<double>(memory.size() * 8) / seconds;
  }();
  return rate;
}

}  // namespace whorl::kernels
