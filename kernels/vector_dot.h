#pragma once

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kVectorSize = 128;

// All-pairs inner products of byte vectors, for one pair of prints.
//
//     out[a, b] = sum over k of first[a, k] * second[b, k]
//
//   first   [A, kVectorSize], second [B, kVectorSize]  -127 .. 127, row-major, compact; either may
//           have no rows
//   out     [A, B]  every element is written
// Exact: twins agree bit for bit. Cost: 128 * A * B multiply-adds, everything in L1.
using VectorDots = void (*)(MatrixView<const std::int8_t> first,
                            MatrixView<const std::int8_t> second, MatrixView<std::int32_t> out);

void vector_dots_reference(MatrixView<const std::int8_t>, MatrixView<const std::int8_t>,
                           MatrixView<std::int32_t>);
void vector_dots_avx2(MatrixView<const std::int8_t>, MatrixView<const std::int8_t>,
                      MatrixView<std::int32_t>);
void vector_dots_avx512(MatrixView<const std::int8_t>, MatrixView<const std::int8_t>,
                        MatrixView<std::int32_t>);

}  // namespace whorl::kernels
