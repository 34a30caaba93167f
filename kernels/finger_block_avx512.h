#pragma once
// The choice of the n best with AVX-512, for the twins whose machines have it. Everything stands in
// an unnamed namespace, as kernels/finger_block_twin.h asks for: include it in such a twin alone.

#include <immintrin.h>

#include "kernels/finger_block_twin.h"

namespace whorl::kernels {
namespace {

const __m512i* wide(const void* address) { return static_cast<const __m512i*>(address); }
const __m256i* half(const void* address) { return static_cast<const __m256i*>(address); }

struct Selection512 {
  static std::int64_t near_columns(const FingerBlock& block, const FingerColumns* columns,
                                   int nearest, std::uint16_t* out) {
    const __m512i bound = _mm512_set1_epi16(static_cast<short>(nearest));
    std::int64_t count = 0;
    for (std::int64_t g = 0; g < block.groups; ++g) {
      const __m512i distance = _mm512_srli_epi16(_mm512_load_si512(columns[g].lanes), 8);
      const __m512i print =
          _mm512_cvtepu8_epi16(_mm256_loadu_si256(half(block.prints + g * kLanes)));
      const __m512i both =
          _mm512_or_si512(_mm512_slli_epi16(print, 8), _mm512_sub_epi16(bound, distance));
      const __mmask32 near = _mm512_cmplt_epu16_mask(distance, bound);
      _mm512_storeu_si512(out + count, _mm512_maskz_compress_epi16(near, both));
      count += std::popcount(near);
    }
    return count;
  }
  // Without a branch on what is found: which lanes are a print's cannot be foretold.
  static int distances_of(const FingerBlock& block, const FingerColumns* columns, int print,
                          std::uint8_t* out) {
    const __m256i wanted = _mm256_set1_epi8(static_cast<char>(print));
    int count = 0;
    for (std::int64_t g = 0; g < block.groups && count <= twin::kMaxDistances - kLanes; ++g) {
      const __m256i prints = _mm256_loadu_si256(half(block.prints + g * kLanes));
      const __mmask32 own = _mm256_cmpeq_epi8_mask(prints, wanted);
      const __m512i group = _mm512_load_si512(columns[g].lanes);
      const __m256i all = _mm512_cvtepi16_epi8(_mm512_srli_epi16(group, 8));
      _mm256_storeu_epi8(out + count, _mm256_maskz_compress_epi8(own, all));
      count += std::popcount(own);
    }
    return count;
  }
  static int count_below(const std::uint8_t* bytes, int count, int limit) {
    const __m512i bound = _mm512_set1_epi8(static_cast<char>(limit));
    int found = 0;
    for (int at = 0; at < count; at += twin::kChunk) {
      found += std::popcount(_mm512_cmplt_epu8_mask(_mm512_loadu_si512(wide(bytes + at)), bound));
    }
    return found;
  }
  static int sum_below(const std::uint8_t* bytes, int count, int limit) {
    const __m512i bound = _mm512_set1_epi8(static_cast<char>(limit));
    __m512i sum = _mm512_setzero_si512();
    for (int at = 0; at < count; at += twin::kChunk) {
      const __m512i excess = _mm512_subs_epu8(bound, _mm512_loadu_si512(wide(bytes + at)));
      sum = _mm512_add_epi64(sum, _mm512_sad_epu8(excess, _mm512_setzero_si512()));
    }
    return static_cast<int>(_mm512_reduce_add_epi64(sum));
  }
};

}  // namespace
}  // namespace whorl::kernels
