#include <immintrin.h>

#include <algorithm>

#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

const __m256i* vector_at(const void* address) { return static_cast<const __m256i*>(address); }

std::int32_t sum_of_lanes(__m256i v) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

// Cells are 7-bit, so no pair sum of maddubs saturates and the result is exact.
std::int32_t dot(const std::uint8_t* cells, const std::int8_t* row) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum = _mm256_setzero_si256();
  for (int c = 0; c < kCylinderCells; c += 32) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_loadu_si256(vector_at(cells + c)),
                                               _mm256_loadu_si256(vector_at(row + c)));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, ones));
  }
  return sum_of_lanes(sum);
}

}  // namespace

// Rows outside, cylinders inside: a row stays in registers and L1 while all of a print passes by.
void project_signs_avx2(const SignProjection& projection, const std::uint8_t* cells,
                        std::int64_t count, std::uint16_t* words) {
  std::fill_n(words, count * (kSignBits / 16), std::uint16_t{0});
  for (std::int64_t b = 0; b < kSignBits; ++b) {
    for (std::int64_t i = 0; i < count; ++i) {
      const bool set = dot(cells + i * kCylinderCells, projection.rows + b * kCylinderCells) >
                       projection.thresholds[b];
      std::uint16_t& word = words[i * (kSignBits / 16) + b / 16];
      word = static_cast<std::uint16_t>(word | static_cast<unsigned>(set) << (b % 16));
    }
  }
}

void project_sums_avx2(const SignProjection& projection, const std::uint8_t* cells,
                       std::int64_t count, int rows, std::int32_t* sums) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < count; ++i) {
      sums[i * rows + r] = dot(cells + i * kCylinderCells, projection.rows + r * kCylinderCells) -
                           projection.thresholds[r];
    }
  }
}

}  // namespace whorl::kernels
