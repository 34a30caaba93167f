#include <immintrin.h>

#include "kernels/face_sift.h"

namespace whorl::kernels {
namespace {

constexpr int kHalf = 8;  // rows of a register of sums
constexpr std::int64_t kAhead = 4096;

const __m256i* wide(const void* at) { return static_cast<const __m256i*>(at); }

// |row| * (probe with the row's sign): the one byte factor that must be unsigned is, and two
// products are at most 2 * 127 * 127, below what 16 bits hold: nothing saturates.
__m256i add_products(__m256i sum, __m256i magnitudes, __m256i signs, __m256i probe) {
  const __m256i pairs = _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(probe, signs));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

void tell_passed(const FaceSiftProbes& probes, int p, const FaceCodeBlock& block, std::int64_t g,
                 const __m256i (&dot)[2], std::uint16_t* passed, std::int32_t* dots) {
  const float slack = probes.slopes[p] * block.errors[g];
  const __m256 cut = _mm256_set1_ps(probes.cuts[p] - slack);
  unsigned bits = 0;
  for (int h = 0; h < 2; ++h) {
    const __m256 scales = _mm256_load_ps(block.scales + g * kFaceGroupRows + h * kHalf);
    const __m256 scaled = _mm256_mul_ps(_mm256_cvtepi32_ps(dot[h]), scales);
    const int half = _mm256_movemask_ps(_mm256_cmp_ps(scaled, cut, _CMP_NLT_UQ));
    bits |= static_cast<unsigned>(half) << h * kHalf;
  }
  const std::int64_t at = p * block.groups + g;
  passed[at] = static_cast<std::uint16_t>(bits);
  if (bits == 0) return;
  auto* out = static_cast<__m256i*>(static_cast<void*>(dots + at * kFaceGroupRows));
  for (int h = 0; h < 2; ++h) _mm256_store_si256(out + h, dot[h]);
}

// The probes of a tile from `first` on.
template <int kProbes>
void sift_group(const FaceSiftProbes& probes, int first, const FaceCodeBlock& block, std::int64_t g,
                std::uint16_t* passed, std::int32_t* dots) {
  const __m256i zero = _mm256_set1_epi8(static_cast<char>(kFaceCodeZero));
  const std::uint8_t* lanes = block.lanes + g * block.codes * kFaceGroupRows;
  const std::int8_t* codes = probes.codes + probe_code_place(first, 0, block.codes);
  __m256i sums[kProbes][2];
  for (auto& sum : sums) sum[0] = sum[1] = _mm256_setzero_si256();
  for (int d = 0; d < block.codes; d += kFaceStride, codes += kProbeTile * kFaceStride) {
    for (int k = 0; k < kFaceStride; k += kFaceCodesTogether, lanes += 64) {
      if (first == 0) __builtin_prefetch(lanes + kAhead, 0, 2);
      __m256i signs[2], magnitudes[2];
      for (int h = 0; h < 2; ++h) {
        signs[h] = _mm256_xor_si256(_mm256_load_si256(wide(lanes) + h), zero);
        magnitudes[h] = _mm256_abs_epi8(signs[h]);
      }
#pragma GCC unroll 8
      for (int p = 0; p < kProbes; ++p) {
        std::int32_t four;
        __builtin_memcpy(&four, codes + p * kFaceStride + k, sizeof four);
        const __m256i mine = _mm256_set1_epi32(four);
        for (int h = 0; h < 2; ++h) {
          sums[p][h] = add_products(sums[p][h], magnitudes[h], signs[h], mine);
        }
      }
    }
  }
  for (int p = 0; p < kProbes && first + p < probes.count; ++p) {
    tell_passed(probes, first + p, block, g, sums[p], passed, dots);
  }
}

}  // namespace

void sift_faces_avx2(const FaceSiftProbes& probes, const FaceCodeBlock& block,
                     std::uint16_t* passed, std::int32_t* dots) {
  check_sift(probes, block);
  for (std::int64_t g = 0; g < block.groups; ++g) {
    for (int first = 0; first < probes.count;) {
      if (probes.count - first > 1) {
        sift_group<4>(probes, first, block, g, passed, dots), first += 4;
      } else {
        sift_group<1>(probes, first, block, g, passed, dots), first += 1;
      }
    }
  }
}

std::int32_t face_code_dot_avx2(const std::int8_t* a, const std::int8_t* b, int codes) {
  __m256i sum = _mm256_setzero_si256();
  for (int d = 0; d < codes; d += 32) {
    const __m256i mine = _mm256_loadu_si256(wide(a + d)), theirs = _mm256_loadu_si256(wide(b + d));
    sum = add_products(sum, _mm256_abs_epi8(theirs), theirs, mine);
  }
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

}  // namespace whorl::kernels
