#include <immintrin.h>

#include "kernels/oriented_filter.h"

namespace whorl::kernels {
namespace {

static_assert(kFilterSide == 24);

__m256i load(const std::int16_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

// A row is sixteen weights and eight; the eights of two rows fill a register together.
__m256i two_tails(const std::int16_t* row, std::int64_t stride) {
  const auto* first = reinterpret_cast<const __m128i*>(row + 16);
  const auto* second = reinterpret_cast<const __m128i*>(row + stride + 16);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)),
                                 _mm_loadu_si128(second), 1);
}

struct TwoRows {
  __m256i first, second, tails;
  TwoRows(const std::int16_t* row, std::int64_t stride)
      : first(load(row)), second(load(row + stride)), tails(two_tails(row, stride)) {}
};

__m256i dot(const TwoRows& a, const TwoRows& b) {
  return _mm256_add_epi32(
      _mm256_add_epi32(_mm256_madd_epi16(a.first, b.first), _mm256_madd_epi16(a.second, b.second)),
      _mm256_madd_epi16(a.tails, b.tails));
}

// The four registers' sums, in order.
__m128i sums(__m256i a, __m256i b, __m256i c, __m256i d) {
  const __m256i halves = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
  return _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
}

}  // namespace

void oriented_filter_avx2(const FilterPicture& picture, const std::int16_t* bank,
                          const FilterSpot* spots, std::int64_t count, std::int32_t* out) {
  const std::int64_t right = picture.step, below = picture.step * picture.stride;
  for (std::int64_t s = 0; s < count; ++s) {
    const std::int16_t* kernel = bank + std::int64_t{spots[s].kernel} * kFilterSide * kFilterSide;
    const std::int16_t* from = picture.values + spots[s].first;
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (int r = 0; r < kFilterSide; r += 2) {
      const TwoRows weights(kernel + r * kFilterSide, kFilterSide);
      const std::int16_t* row = from + r * picture.stride;
      a = _mm256_add_epi32(a, dot(weights, TwoRows(row, picture.stride)));
      b = _mm256_add_epi32(b, dot(weights, TwoRows(row + right, picture.stride)));
      c = _mm256_add_epi32(c, dot(weights, TwoRows(row + below, picture.stride)));
      d = _mm256_add_epi32(d, dot(weights, TwoRows(row + below + right, picture.stride)));
    }
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 4 * s), sums(a, b, c, d));
  }
}

}  // namespace whorl::kernels
