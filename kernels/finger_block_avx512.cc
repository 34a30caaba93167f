#include "kernels/finger_block_avx512.h"

#include <immintrin.h>

#include "kernels/finger_block_twin.h"

namespace whorl::kernels {
namespace {

struct Vector : Selection512 {
  static void fold(const ProbeCode& code, int number, int gate_steps, const FingerBlock& block,
                   std::int64_t first, std::int64_t last, twin::Fetch<Vector>& fetch,
                   FingerColumns* columns);
};

// Set bits of 32 lanes of probe XOR gallery, plus `start`, in four chains; the last sum saturates.
// Unrolled whatever the optimisation level: a loop would keep the words in memory, a third as fast.
__m512i distances(const __m512i (&words)[kCodeWords], const std::uint16_t* planes, __m512i start) {
  __m512i sums[4] = {start, _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
#pragma GCC unroll 16
  for (int w = 0; w < kCodeWords; ++w) {
    const __m512i differ =
        _mm512_xor_si512(words[w], _mm512_loadu_si512(wide(planes + w * kLanes)));
    const __m512i bits = _mm512_popcnt_epi16(differ);
    sums[w % 4] = w > 0 && w < 4 ? bits : _mm512_add_epi16(sums[w % 4], bits);
  }
  return _mm512_adds_epu16(_mm512_add_epi16(sums[0], sums[1]), _mm512_add_epi16(sums[2], sums[3]));
}

// Sums start at 0xFF00 and saturate, so that the low byte is min(distance, 255): 256 would wrap to
// 0 in a column. One funnel shift then makes the column, and the gate is a difference of bytes that
// wraps by itself and one comparison.
void Vector::fold(const ProbeCode& code, int number, int gate_steps, const FingerBlock& block,
                  std::int64_t first, std::int64_t last, twin::Fetch<Vector>& fetch,
                  FingerColumns* columns) {
  __m512i words[kCodeWords];
#pragma GCC unroll 16
  for (int w = 0; w < kCodeWords; ++w) {
    words[w] = _mm512_set1_epi16(static_cast<short>(code.words[w]));
  }
  const __m512i start = _mm512_set1_epi16(static_cast<short>(0xFF00));
  const __m512i partner = _mm512_set1_epi16(static_cast<short>(number << 8));
  const __m256i lowest = _mm256_set1_epi8(static_cast<char>(code.direction_steps - gate_steps));
  const __m256i width = _mm256_set1_epi8(static_cast<char>(twin::smaller(2 * gate_steps, 255)));
  for (std::int64_t g = first; g < last; ++g) {
    fetch.step();
    const __m512i sum = distances(words, block.planes + g * kCodeWords * kLanes, start);
    const __m512i found = _mm512_shldi_epi16(sum, partner, 8);
    const __m256i turn =
        _mm256_sub_epi8(_mm256_loadu_si256(half(block.directions + g * kLanes)), lowest);
    const __mmask32 open = _mm256_cmple_epu8_mask(turn, width);
    const __m512i best = _mm512_load_si512(columns[g].lanes);
    _mm512_store_si512(columns[g].lanes, _mm512_mask_min_epu16(best, open, best, found));
  }
}

}  // namespace

void score_finger_block_avx512(const FingerBatch& batch, const FingerBlock& block,
                               std::uint64_t eligible, const FingerBlock* next,
                               FingerColumns* columns, std::uint16_t* scores) {
  twin::score_batch<Vector>(batch, block, eligible, next, columns, scores);
}

}  // namespace whorl::kernels
