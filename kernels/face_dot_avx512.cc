#include <immintrin.h>

#include "kernels/face_dot.h"

namespace whorl::kernels {
namespace {

constexpr int kRows = 8;  // at a time: their sums are independent, and one waits three cycles

// Two rows share a register, eight lanes each, and keep the stated order within.
__m512 pair_of(const float* low, const float* high) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(low)), _mm256_loadu_ps(high), 1);
}

// `next` are the rows after these: eight streams at once are more than the hardware foresees, and
// from memory it was a quarter slower without.
void dots_of_rows(const float* probe, const float* rows, const float* next, std::int64_t dimension,
                  float* out) {
  __m512 partial[kRows / 2];
  for (__m512& sum : partial) sum = _mm512_setzero_ps();
  for (std::int64_t d = 0; d < dimension; d += kFaceLanes) {
    const __m512 mine = _mm512_broadcast_f32x8(_mm256_loadu_ps(probe + d));
    for (int pair = 0; pair < kRows / 2; ++pair) {
      const std::int64_t at = 2 * pair * dimension + d;
      const float* row = rows + at;
      if (d % 16 == 0) {  // a line of 64 bytes
        __builtin_prefetch(next + at);
        __builtin_prefetch(next + at + dimension);
      }
      partial[pair] =
          _mm512_add_ps(partial[pair], _mm512_mul_ps(mine, pair_of(row, row + dimension)));
    }
  }
  for (int pair = 0; pair < kRows / 2; ++pair) {
    // (p0 + p4, p1 + p5, p2 + p6, p3 + p7) of each row, then (+0 +2, +1 +3), then their sum.
    const __m512 p = partial[pair];
    const __m512 fours = _mm512_add_ps(p, _mm512_shuffle_f32x4(p, p, 0xB1));
    const __m512 twos = _mm512_add_ps(fours, _mm512_permute_ps(fours, 0x4E));
    const __m512 ones = _mm512_add_ps(twos, _mm512_permute_ps(twos, 0xB1));
    out[2 * pair] = _mm512_cvtss_f32(ones);
    out[2 * pair + 1] = _mm_cvtss_f32(_mm512_extractf32x4_ps(ones, 2));
  }
}

}  // namespace

void face_dot_avx512(const float* probe, MatrixView<const float> gallery, float* out) {
  WHORL_CHECK(gallery.cols % kFaceLanes == 0);
  const std::int64_t whole = gallery.rows / kRows * kRows;
  for (std::int64_t g = 0; g < whole; g += kRows) {
    const std::int64_t next = g + kRows < whole ? g + kRows : g;
    dots_of_rows(probe, gallery.row(g), gallery.row(next), gallery.cols, out + g);
  }
  face_dot_avx2(probe, {gallery.row(whole), gallery.rows - whole, gallery.cols}, out + whole);
}

}  // namespace whorl::kernels
