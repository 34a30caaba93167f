#include <immintrin.h>

#include "kernels/face_dot.h"

namespace whorl::kernels {

void face_dot_avx2(const float* probe, MatrixView<const float> gallery, float* out) {
  WHORL_CHECK(gallery.cols % kFaceLanes == 0);
  for (std::int64_t g = 0; g < gallery.rows; ++g) {
    const float* row = gallery.row(g);
    __m256 partial = _mm256_setzero_ps();
    for (std::int64_t d = 0; d < gallery.cols; d += kFaceLanes) {
      partial = _mm256_add_ps(partial,
                              _mm256_mul_ps(_mm256_loadu_ps(probe + d), _mm256_loadu_ps(row + d)));
    }
    const __m128 fours =
        _mm_add_ps(_mm256_castps256_ps128(partial), _mm256_extractf128_ps(partial, 1));
    const __m128 twos =
        _mm_add_ps(fours, _mm_movehl_ps(fours, fours));  // p0+p4+(p2+p6), p1+p5+(p3+p7)
    out[g] = _mm_cvtss_f32(_mm_add_ss(twos, _mm_movehdup_ps(twos)));
  }
}

}  // namespace whorl::kernels
