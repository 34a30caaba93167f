#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/finger_block.h"

namespace whorl::kernels {
namespace {

constexpr int kLevels = kCodeBits / 2 + 1;  // v is even, so m takes 0, 2, .. 256
constexpr std::int64_t kMaxGroups = kBlockPrints * 256 / kLanes;
constexpr std::int16_t kNothing = -4 * kCodeBits;  // below any column: clipped to 0 at the end

__m256i load(const void* address) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(address));
}
void store(void* address, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(address), value);
}

// Set bits of each byte, by nibble lookup (Mula, Kurz, Lemire, The Computer Journal 61(1), 2018).
__m256i popcount_bytes(__m256i v) {
  const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                         0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i low = _mm256_set1_epi8(0x0F);
  return _mm256_add_epi8(
      _mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
      _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

// One probe code against 16 gallery codes: 4 popcount(i AND j) - 2 popcount(i) where the gate is
// open, folded into the column maxima. Byte counts stay below 2 * kCodeWords * 4 = 128.
void fold_half_group(const __m256i* words, __m256i probe_direction, __m256i gate,
                     __m256i twice_popcount, const std::uint16_t* planes,
                     const std::uint8_t* directions, std::int16_t* maxima) {
  __m256i bytes = _mm256_setzero_si256();
  for (int w = 0; w < kCodeWords; ++w) {
    bytes = _mm256_add_epi8(bytes,
                            popcount_bytes(_mm256_and_si256(words[w], load(planes + w * kLanes))));
  }
  const __m256i common = _mm256_add_epi16(_mm256_and_si256(bytes, _mm256_set1_epi16(0xFF)),
                                          _mm256_srli_epi16(bytes, 8));
  const __m256i value = _mm256_sub_epi16(_mm256_slli_epi16(common, 2), twice_popcount);
  const __m128i d =
      _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(directions)));
  // Directions in the upper byte: the difference wraps by itself and its size is the smaller turn.
  const __m256i turn = _mm256_abs_epi16(
      _mm256_sub_epi16(_mm256_slli_epi16(_mm256_cvtepu8_epi16(d), 8), probe_direction));
  const __m256i open = _mm256_cmpeq_epi16(_mm256_min_epu16(turn, gate), turn);
  const __m256i candidate = _mm256_blendv_epi8(_mm256_set1_epi16(kNothing), value, open);
  store(maxima, _mm256_max_epi16(load(maxima), candidate));
}

void fold_groups(const ProbeCode& code, int gate_steps, const FingerBlock& block,
                 std::int64_t first, std::int64_t last, std::int16_t* maxima) {
  __m256i words[kCodeWords];
  for (int w = 0; w < kCodeWords; ++w)
    words[w] = _mm256_set1_epi16(static_cast<short>(code.words[w]));
  const __m256i direction = _mm256_set1_epi16(static_cast<short>(code.direction_steps << 8));
  const __m256i gate = _mm256_set1_epi16(static_cast<short>(gate_steps << 8));
  const __m256i twice = _mm256_set1_epi16(static_cast<short>(2 * code.popcount));
  for (std::int64_t g = first; g < last; ++g) {
    const std::uint16_t* planes = block.planes + g * kCodeWords * kLanes;
    for (int half = 0; half < kLanes; half += 16) {
      fold_half_group(words, direction, gate, twice, planes + half,
                      block.directions + g * kLanes + half, maxima + g * kLanes + half);
    }
  }
}

// Visits only the groups that can hold a direction within the gate: one or two runs of the circle.
void fold_code(const ProbeCode& code, int gate_steps, const FingerBlock& block,
               std::int16_t* maxima) {
  constexpr int kStepsPerBin = 256 / kDirectionBins;
  if (2 * gate_steps + 2 * kStepsPerBin >= 256) {
    return fold_groups(code, gate_steps, block, 0, block.groups, maxima);
  }
  const auto run = [&](int low_steps, int high_steps) {
    const int start = block.bin_starts[low_steps / kStepsPerBin];
    const int end = block.bin_starts[high_steps / kStepsPerBin + 1];
    if (start < end) {
      fold_groups(code, gate_steps, block, start / kLanes, (end + kLanes - 1) / kLanes, maxima);
    }
  };
  const int low = code.direction_steps - gate_steps, high = code.direction_steps + gate_steps;
  if (low < 0) run(low + 256, 255);
  run(std::max(low, 0), std::min(high, 255));
  if (high > 255) run(0, high - 256);
}

// The n largest of each print by counting: m has 129 values, so no print is sorted.
void sum_best(const FingerProbe& probe, const FingerBlock& block, std::uint64_t eligible,
              const std::int16_t* maxima, std::uint16_t* scores) {
  static thread_local std::uint8_t counts[kBlockPrints][kLevels];
  std::memset(counts, 0, sizeof counts);
  int top = 0;
  for (std::int64_t code = 0; code < block.groups * kLanes; ++code) {
    const int m = kCodeBits - 2 * block.popcounts[code] + maxima[code];
    if (m <= 0 || block.prints[code] == kNoPrint) continue;
    top = std::max(top, m / 2);
    ++counts[block.prints[code]][m / 2];
  }
  for (int b = 0; b < kBlockPrints; ++b) {
    scores[b] = 0;
    if ((eligible >> b & 1U) == 0) continue;
    const int n = pairs_counted(probe.count, block.print_sizes[b]);
    int left = n, sum = 0;
    for (int level = top; level > 0 && left > 0; --level) {
      const int taken = std::min<int>(counts[b][level], left);
      sum += taken * 2 * level;
      left -= taken;
    }
    scores[b] = static_cast<std::uint16_t>(kScoreUnit * sum / n);
  }
}

}  // namespace

void score_finger_block_avx2(const FingerProbe& probe, const FingerBlock& block,
                             std::uint64_t eligible, std::uint16_t* scores) {
  alignas(32) static thread_local std::int16_t maxima[kMaxGroups * kLanes];
  WHORL_CHECK(block.groups <= kMaxGroups);
  std::fill_n(maxima, block.groups * kLanes, kNothing);
  for (int i = 0; i < probe.count; ++i) fold_code(probe.codes[i], probe.gate_steps, block, maxima);
  sum_best(probe, block, eligible, maxima, scores);
}

}  // namespace whorl::kernels
