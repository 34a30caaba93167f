#include <immintrin.h>

#include <cstring>

#include "kernels/hamming.h"

namespace whorl::kernels {
namespace {

constexpr int kWide = kHammingWords / 4;  // 64-bit words of a code
constexpr int kCodes = 8;                 // of `second` side by side, one in each 64-bit lane

using Columns = __m512i[kWide];

// Up to eight codes, lane by lane; lanes past the end are zero.
void load_columns(MatrixView<const std::uint16_t> second, std::int64_t first_row, int count,
                  Columns& columns) {
  alignas(64) std::uint64_t words[kWide][kCodes] = {};
  for (int c = 0; c < count; ++c) {
    std::uint64_t code[kWide];
    std::memcpy(code, second.row(first_row + c), sizeof code);
    for (int w = 0; w < kWide; ++w) words[w][c] = code[w];
  }
  for (int w = 0; w < kWide; ++w) columns[w] = _mm512_load_si512(words[w]);
}

__m128i distances(const std::uint16_t* code, const Columns& columns) {
  std::uint64_t words[kWide];
  std::memcpy(words, code, sizeof words);
  __m512i sum = _mm512_setzero_si512();
  for (int w = 0; w < kWide; ++w) {
    const __m512i mine = _mm512_set1_epi64(static_cast<long long>(words[w]));
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(mine, columns[w])));
  }
  return _mm512_cvtepi64_epi16(sum);
}

}  // namespace

void hamming_avx512(MatrixView<const std::uint16_t> first, MatrixView<const std::uint16_t> second,
                    MatrixView<std::uint16_t> out) {
  for (std::int64_t b = 0; b < second.rows; b += kCodes) {
    const int count = second.rows - b < kCodes ? static_cast<int>(second.rows - b) : kCodes;
    const auto used = static_cast<__mmask8>((1U << count) - 1);
    Columns columns;
    load_columns(second, b, count, columns);
    for (std::int64_t a = 0; a < first.rows; ++a) {
      _mm_mask_storeu_epi16(out.row(a) + b, used, distances(first.row(a), columns));
    }
  }
}

}  // namespace whorl::kernels
