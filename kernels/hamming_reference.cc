#include <bit>

#include "kernels/hamming.h"

namespace whorl::kernels {

// The definition, written to be read; the oracle of every twin's test.
void hamming_reference(MatrixView<const std::uint16_t> first,
                       MatrixView<const std::uint16_t> second, MatrixView<std::uint16_t> out) {
  for (std::int64_t a = 0; a < first.rows; ++a) {
    for (std::int64_t b = 0; b < second.rows; ++b) {
      int bits = 0;
      for (int w = 0; w < kHammingWords; ++w) {
        bits += std::popcount(static_cast<unsigned>(first.row(a)[w] ^ second.row(b)[w]));
      }
      out.row(a)[b] = static_cast<std::uint16_t>(bits);
    }
  }
}

}  // namespace whorl::kernels
