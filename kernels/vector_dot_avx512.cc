#include <immintrin.h>

#include <cstring>

#include "kernels/vector_dot.h"

namespace whorl::kernels {
namespace {

constexpr int kColumns = 16;              // vectors of `second` side by side, one a 32-bit lane
constexpr int kSlices = kVectorSize / 4;  // vpdpbusd takes four bytes at a time
constexpr int kRows = 4;                  // vectors of `first` that share each load

// Lane l of slice s holds bytes 4 * s .. + 3 of vector first_row + l; lanes past the end are zero.
struct Columns {
  alignas(64) std::int32_t slices[kSlices][kColumns];
  alignas(64) std::int32_t offsets[kColumns];  // 128 times each vector's sum
};

void load_columns(MatrixView<const std::int8_t> second, std::int64_t first_row, int count,
                  Columns& columns) {
  std::memset(&columns, 0, sizeof columns);
  for (int l = 0; l < count; ++l) {
    const std::int8_t* vector = second.row(first_row + l);
    std::int32_t sum = 0;
    for (int k = 0; k < kVectorSize; ++k) sum += vector[k];
    columns.offsets[l] = 128 * sum;
    for (int s = 0; s < kSlices; ++s) std::memcpy(&columns.slices[s][l], vector + 4 * s, 4);
  }
}

}  // namespace

// vpdpbusd multiplies unsigned by signed bytes: 128 is added to the first side, and its share of
// the sum taken off again.
void vector_dots_avx512(MatrixView<const std::int8_t> first, MatrixView<const std::int8_t> second,
                        MatrixView<std::int32_t> out) {
  static thread_local Columns columns;
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  for (std::int64_t b = 0; b < second.rows; b += kColumns) {
    const int here = second.rows - b < kColumns ? static_cast<int>(second.rows - b) : kColumns;
    const auto used = static_cast<__mmask16>((1U << here) - 1);
    load_columns(second, b, here, columns);
    const __m512i offsets = _mm512_load_si512(columns.offsets);
    for (std::int64_t a = 0; a < first.rows; a += kRows) {
      alignas(64) std::int32_t mine[kRows][kSlices];
      for (int r = 0; r < kRows; ++r) {  // past the end the last stands in
        const std::int8_t* row = first.row(a + r < first.rows ? a + r : first.rows - 1);
        for (int half = 0; half < 2; ++half) {
          _mm512_store_si512(mine[r] + half * 16,
                             _mm512_xor_si512(_mm512_loadu_si512(row + half * 64), flip));
        }
      }
      __m512i sums[kRows] = {};
      for (int s = 0; s < kSlices; ++s) {
        const __m512i theirs = _mm512_load_si512(columns.slices[s]);
        for (int r = 0; r < kRows; ++r) {
          sums[r] = _mm512_dpbusd_epi32(sums[r], _mm512_set1_epi32(mine[r][s]), theirs);
        }
      }
      for (int r = 0; r < kRows && a + r < first.rows; ++r) {
        _mm512_mask_storeu_epi32(out.row(a + r) + b, used, _mm512_sub_epi32(sums[r], offsets));
      }
    }
  }
}

}  // namespace whorl::kernels
