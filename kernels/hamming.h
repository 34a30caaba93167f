#pragma once

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

// All-pairs Hamming distance between 256-bit codes, for one pair of prints.
//
//     out[a, b] = popcount(first[a] XOR second[b])     0 .. 256
//
//   first   [A, 16] uint16, second [B, 16] uint16, row-major, compact; either may have no rows
//   out     [A, B]  uint16, every element is written
// Exact: twins agree bit for bit. Cost: 4 * A * B 64-bit popcounts, everything in L1.
using Hamming = void (*)(MatrixView<const std::uint16_t> first,
                         MatrixView<const std::uint16_t> second, MatrixView<std::uint16_t> out);

inline constexpr int kHammingWords = 16;  // columns of both inputs

void hamming_reference(MatrixView<const std::uint16_t>, MatrixView<const std::uint16_t>,
                       MatrixView<std::uint16_t>);
void hamming_avx2(MatrixView<const std::uint16_t>, MatrixView<const std::uint16_t>,
                  MatrixView<std::uint16_t>);  // POPCNT, which every AVX2 machine has
void hamming_avx512(MatrixView<const std::uint16_t>, MatrixView<const std::uint16_t>,
                    MatrixView<std::uint16_t>);

}  // namespace whorl::kernels
