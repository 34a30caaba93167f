#pragma once
// A real-valued neighbourhood to its descriptions: the signs of 256 projections are the binary code
// of search, the leading projections themselves are what two prints are compared by.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kCylinderCells = 320;  // multiple of 64; cells beyond the used ones are 0
inline constexpr int kMaxCellValue = 127;   // 127 * 127 * 2 fits the 16-bit lanes of maddubs
inline constexpr int kSignBits = 256;

// A linear map fitted offline. Rows may be scaled freely: only signs are used.
struct SignProjection {
  const std::int8_t* rows = nullptr;         // [kSignBits][kCylinderCells], -127 .. 127
  const std::int32_t* thresholds = nullptr;  // [kSignBits]
};

// bit b of words = (sum over c of cells[c] * rows[b, c]) > thresholds[b]
//
//   cells  [count, kCylinderCells]  0 .. kMaxCellValue
//   words  [count, kSignBits / 16]  bit b stands at words[b / 16], position b % 16
//
// Integers throughout: every twin returns the same bits.
// Cost: count * 81,920 multiply-adds; the 80 KiB of rows are read once per cylinder.
using ProjectSigns = void (*)(const SignProjection& projection, const std::uint8_t* cells,
                              std::int64_t count, std::uint16_t* words);

void project_signs_reference(const SignProjection&, const std::uint8_t*, std::int64_t,
                             std::uint16_t*);
void project_signs_avx2(const SignProjection&, const std::uint8_t*, std::int64_t, std::uint16_t*);
void project_signs_avx512(const SignProjection&, const std::uint8_t*, std::int64_t, std::uint16_t*);

// sums[i, r] = (sum over c of cells[i, c] * rows[r, c]) - thresholds[r]   for the leading r < rows
//
//   rows   a multiple of 32, at most kSignBits
//   sums   [count, rows]
//
// Exact: twins agree bit for bit. Cost: count * rows * 320 multiply-adds.
using ProjectSums = void (*)(const SignProjection& projection, const std::uint8_t* cells,
                             std::int64_t count, int rows, std::int32_t* sums);

void project_sums_reference(const SignProjection&, const std::uint8_t*, std::int64_t, int,
                            std::int32_t*);
void project_sums_avx2(const SignProjection&, const std::uint8_t*, std::int64_t, int,
                       std::int32_t*);
void project_sums_avx512(const SignProjection&, const std::uint8_t*, std::int64_t, int,
                         std::int32_t*);

}  // namespace whorl::kernels
