#include <algorithm>

#include "kernels/sign_projection.h"

namespace whorl::kernels {
namespace {

std::int32_t sum_of(const SignProjection& projection, std::int64_t r, const std::uint8_t* cells) {
  std::int32_t sum = 0;
  for (std::int64_t c = 0; c < kCylinderCells; ++c) {
    sum += cells[c] * projection.rows[r * kCylinderCells + c];
  }
  return sum - projection.thresholds[r];
}

}  // namespace

// The definitions, written to be read; the oracle of every twin's test.
void project_signs_reference(const SignProjection& projection, const std::uint8_t* cells,
                             std::int64_t count, std::uint16_t* words) {
  std::fill_n(words, count * (kSignBits / 16), std::uint16_t{0});
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t b = 0; b < kSignBits; ++b) {
      if (sum_of(projection, b, cells + i * kCylinderCells) > 0) {
        std::uint16_t& word = words[i * (kSignBits / 16) + b / 16];
        word = static_cast<std::uint16_t>(word | 1U << (b % 16));
      }
    }
  }
}

void project_sums_reference(const SignProjection& projection, const std::uint8_t* cells,
                            std::int64_t count, int rows, std::int32_t* sums) {
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t r = 0; r < rows; ++r) {
      sums[i * rows + r] = sum_of(projection, r, cells + i * kCylinderCells);
    }
  }
}

}  // namespace whorl::kernels
