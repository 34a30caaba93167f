#include "kernels/vector_dot.h"

namespace whorl::kernels {

void vector_dots_reference(MatrixView<const std::int8_t> first,
                           MatrixView<const std::int8_t> second, MatrixView<std::int32_t> out) {
  for (std::int64_t a = 0; a < first.rows; ++a) {
    for (std::int64_t b = 0; b < second.rows; ++b) {
      std::int32_t sum = 0;
      for (int k = 0; k < kVectorSize; ++k) sum += first.row(a)[k] * second.row(b)[k];
      out.row(a)[b] = sum;
    }
  }
}

}  // namespace whorl::kernels
