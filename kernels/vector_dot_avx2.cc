#include <immintrin.h>

#include "kernels/vector_dot.h"

namespace whorl::kernels {
namespace {

constexpr int kLanes = 16;  // 16-bit products side by side
constexpr int kSteps = kVectorSize / kLanes;
constexpr int kTogether = 4;  // vectors of `second` that share each load of `first`

__m256i widened(const std::int8_t* bytes) {
  return _mm256_cvtepi8_epi16(
      _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(bytes))));
}

std::int32_t sum_of_lanes(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

}  // namespace

void vector_dots_avx2(MatrixView<const std::int8_t> first, MatrixView<const std::int8_t> second,
                      MatrixView<std::int32_t> out) {
  for (std::int64_t b = 0; b < second.rows; b += kTogether) {
    const std::int64_t here = second.rows - b < kTogether ? second.rows - b : kTogether;
    const std::int8_t* theirs[kTogether];  // past the end the last stands in
    for (int t = 0; t < kTogether; ++t) theirs[t] = second.row(b + (t < here ? t : here - 1));
    for (std::int64_t a = 0; a < first.rows; ++a) {
      __m256i sums[kTogether] = {};
      for (int k = 0; k < kSteps; ++k) {
        const __m256i mine = widened(first.row(a) + k * kLanes);
        for (int t = 0; t < kTogether; ++t) {
          sums[t] =
              _mm256_add_epi32(sums[t], _mm256_madd_epi16(mine, widened(theirs[t] + k * kLanes)));
        }
      }
      for (std::int64_t t = 0; t < here; ++t) out.row(a)[b + t] = sum_of_lanes(sums[t]);
    }
  }
}

}  // namespace whorl::kernels
