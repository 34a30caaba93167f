#pragma once
// Exact inner products of face vectors: one probe against consecutive gallery rows.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kFaceLanes = 8;  // vectors are padded with zeros to a multiple of this

// out[g] = sum over d of probe[d] * gallery[g, d], summed in this order and no other:
//
//     lane l (0 .. 7): partial[l] = ((probe[l] * g[l]) + probe[l + 8] * g[l + 8]) + ...
//     out = ((p0 + p4) + (p2 + p6)) + ((p1 + p5) + (p3 + p7))
//
// each product and each sum rounded to float by itself (no fused multiply-add). Every twin keeps
// the order, so every backend gives the same bits, and equal vectors tie exactly.
//   probe    [dimension]        float, dimension a multiple of kFaceLanes
//   gallery  [rows, dimension]  float, row-major, compact
//   out      [rows]             float
// Cost: rows * dimension multiply-adds; memory bound above the cache: 4 * rows * dimension bytes.
using FaceDot = void (*)(const float* probe, MatrixView<const float> gallery, float* out);

void face_dot_reference(const float* probe, MatrixView<const float> gallery, float* out);
void face_dot_avx2(const float* probe, MatrixView<const float> gallery, float* out);
void face_dot_avx512(const float* probe, MatrixView<const float> gallery, float* out);

}  // namespace whorl::kernels
