#include <immintrin.h>

#include "kernels/finger_block_twin.h"

namespace whorl::kernels {
namespace {

const __m512i* wide(const void* address) { return static_cast<const __m512i*>(address); }
const __m256i* half(const void* address) { return static_cast<const __m256i*>(address); }

struct Vector {
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
