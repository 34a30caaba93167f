#include <algorithm>

#include "kernels/sign_projection.h"

namespace whorl::kernels {

// The definition, written to be read; the oracle of every twin's test.
void project_signs_reference(const SignProjection& projection, const std::uint8_t* cells,
                             std::int64_t count, std::uint16_t* words) {
  std::fill_n(words, count * (kSignBits / 16), std::uint16_t{0});
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t b = 0; b < kSignBits; ++b) {
      std::int32_t sum = 0;
      for (std::int64_t c = 0; c < kCylinderCells; ++c) {
        sum += cells[i * kCylinderCells + c] * projection.rows[b * kCylinderCells + c];
      }
      if (sum > projection.thresholds[b]) {
        std::uint16_t& word = words[i * (kSignBits / 16) + b / 16];
        word = static_cast<std::uint16_t>(word | 1U << (b % 16));
      }
    }
  }
}

}  // namespace whorl::kernels
