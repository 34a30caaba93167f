#include <nmmintrin.h>

#include <cstring>

#include "kernels/hamming.h"

namespace whorl::kernels {

void hamming_avx2(MatrixView<const std::uint16_t> first, MatrixView<const std::uint16_t> second,
                  MatrixView<std::uint16_t> out) {
  constexpr int kWide = kHammingWords / 4;
  for (std::int64_t a = 0; a < first.rows; ++a) {
    unsigned long long x[kWide], y[kWide];
    std::memcpy(x, first.row(a), sizeof x);
    for (std::int64_t b = 0; b < second.rows; ++b) {
      std::memcpy(y, second.row(b), sizeof y);
      long long bits = 0;
      for (int w = 0; w < kWide; ++w) bits += _mm_popcnt_u64(x[w] ^ y[w]);
      out.row(a)[b] = static_cast<std::uint16_t>(bits);
    }
  }
}

}  // namespace whorl::kernels
