#include <immintrin.h>

#include "kernels/finger_block_twin.h"

namespace whorl::kernels {
namespace {

__m256i load(const void* address) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(address));
}

// Bit l of the answer is set where byte l of `ones` is 0xFF.
std::uint32_t bits_of(__m256i ones) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(ones));
}

struct Vector {
  static std::int64_t near_columns(const FingerBlock& block, const FingerColumns* columns,
                                   int nearest, std::uint16_t* out) {
    const __m256i last = _mm256_set1_epi16(static_cast<short>((nearest << 8) - 1));
    std::int64_t count = 0;
    for (std::int64_t g = 0; g < block.groups; ++g) {
      const FingerColumn* lanes = columns[g].lanes;
      const __m256i a = load(lanes), b = load(lanes + 16);
      const __m256i low = _mm256_cmpeq_epi16(_mm256_min_epu16(a, last), a);
      const __m256i high = _mm256_cmpeq_epi16(_mm256_min_epu16(b, last), b);
      // Packing works within halves: their middle quarters change places.
      std::uint32_t left = bits_of(_mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8));
      for (; left != 0; left &= left - 1) {
        const int lane = std::countr_zero(left);
        const int print = block.prints[g * kLanes + lane];
        out[count++] = static_cast<std::uint16_t>(print << 8 | (nearest - (lanes[lane] >> 8)));
      }
    }
    return count;
  }
  static int distances_of(const FingerBlock& block, const FingerColumns* columns, int print,
                          std::uint8_t* out) {
    const __m256i wanted = _mm256_set1_epi8(static_cast<char>(print));
    int count = 0;
    for (std::int64_t g = 0; g < block.groups; ++g) {
      std::uint32_t left = bits_of(_mm256_cmpeq_epi8(load(block.prints + g * kLanes), wanted));
      for (; left != 0 && count < twin::kMaxDistances; left &= left - 1) {
        out[count++] = static_cast<std::uint8_t>(columns[g].lanes[std::countr_zero(left)] >> 8);
      }
    }
    return count;
  }
  static int count_below(const std::uint8_t* bytes, int count, int limit) {
    if (limit == 0) return 0;
    const __m256i bound = _mm256_set1_epi8(static_cast<char>(limit - 1));
    int found = 0;
    for (int at = 0; at < count; at += 32) {
      const __m256i v = load(bytes + at);
      found += std::popcount(bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(v, bound), v)));
    }
    return found;
  }
  static int sum_below(const std::uint8_t* bytes, int count, int limit) {
    const __m256i bound = _mm256_set1_epi8(static_cast<char>(limit));
    __m256i sum = _mm256_setzero_si256();
    for (int at = 0; at < count; at += 32) {
      const __m256i excess = _mm256_subs_epu8(bound, load(bytes + at));
      sum = _mm256_add_epi64(sum, _mm256_sad_epu8(excess, _mm256_setzero_si256()));
    }
    const __m128i two =
        _mm_add_epi64(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    return static_cast<int>(_mm_extract_epi64(two, 0) + _mm_extract_epi64(two, 1));
  }
  static void fold(const ProbeCode& code, int number, int gate_steps, const FingerBlock& block,
                   std::int64_t first, std::int64_t last, twin::Fetch<Vector>& fetch,
                   FingerColumns* columns);
};

// Set bits of each byte, by nibble lookup (Mula, Kurz, Lemire, The Computer Journal 61(1), 2018).
__m256i popcount_bytes(__m256i v) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(0x0F);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

// min(distance, 255) of 16 lanes in the upper bytes, zeros below: the sum of two byte counts, each
// at most 8 * kCodeWords = 128, saturates there.
__m256i distances(const __m256i (&words)[kCodeWords], const std::uint16_t* planes) {
  __m256i bytes = _mm256_setzero_si256();
#pragma GCC unroll 16
  for (int w = 0; w < kCodeWords; ++w) {
    const __m256i differ = _mm256_xor_si256(words[w], load(planes + w * kLanes));
    bytes = _mm256_add_epi8(bytes, popcount_bytes(differ));
  }
  return _mm256_slli_epi16(_mm256_adds_epu8(bytes, _mm256_srli_epi16(bytes, 8)), 8);
}

void Vector::fold(const ProbeCode& code, int number, int gate_steps, const FingerBlock& block,
                  std::int64_t first, std::int64_t last, twin::Fetch<Vector>& fetch,
                  FingerColumns* columns) {
  __m256i words[kCodeWords];
  for (int w = 0; w < kCodeWords; ++w)
    words[w] = _mm256_set1_epi16(static_cast<short>(code.words[w]));
  const __m256i partner = _mm256_set1_epi16(static_cast<short>(number));
  const __m128i lowest = _mm_set1_epi8(static_cast<char>(code.direction_steps - gate_steps));
  const __m128i width = _mm_set1_epi8(static_cast<char>(twin::smaller(2 * gate_steps, 255)));
  for (std::int64_t lane = first * kLanes; lane < last * kLanes; lane += 16) {
    if (lane % kLanes == 0) fetch.step();
    const std::uint16_t* planes =
        block.planes + lane / kLanes * kCodeWords * kLanes + lane % kLanes;
    const __m256i found = _mm256_or_si256(distances(words, planes), partner);
    // A difference of bytes wraps by itself: one comparison is the gate.
    const __m128i turn = _mm_sub_epi8(_mm_loadu_si128(static_cast<const __m128i*>(
                                          static_cast<const void*>(block.directions + lane))),
                                      lowest);
    const __m256i open = _mm256_cvtepi8_epi16(_mm_cmpeq_epi8(_mm_min_epu8(turn, width), turn));
    const __m256i best = load(columns[lane / kLanes].lanes + lane % kLanes);
    const __m256i least = _mm256_min_epu16(best, found);
    _mm256_storeu_si256(
        static_cast<__m256i*>(static_cast<void*>(columns[lane / kLanes].lanes + lane % kLanes)),
        _mm256_blendv_epi8(best, least, open));
  }
}

}  // namespace

void score_finger_block_avx2(const FingerBatch& batch, const FingerBlock& block,
                             std::uint64_t eligible, const FingerBlock* next,
                             FingerColumns* columns, std::uint16_t* scores) {
  twin::score_batch<Vector>(batch, block, eligible, next, columns, scores);
}

}  // namespace whorl::kernels
