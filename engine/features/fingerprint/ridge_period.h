#pragma once
// How far ridges lie apart, everywhere, and how much the picture looks like ridges at all.

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_flow.h"

namespace whorl::features {

inline constexpr float kShortestPeriodPx = 3.6F;  // a child's of two years has 4.5
inline constexpr float kLongestPeriodPx = 16;

struct Period {
  Field log_px;  // natural logarithm of the ridge period, smooth, everywhere
  // How periodic the picture is across the flow and how coherent along it, 0 .. 1. Taken of the
  // picture before any filter it is the best map of where a print can be trusted: scanner edges,
  // creases, smudges and stripes all score low; after a filter everything looks like ridges.
  Field confidence;
};

// By the x-signature (Hong, Wan and Jain, IEEE PAMI 20(8), 1998): the picture across the ridges,
// averaged along them, in a window of 33 x 13 px about every second cell; its strongest period by a
// Fourier transform at log-spaced periods, a parabola between them. Cells outside `mask` are
// passed over. `pixel_px` is the picture's pixel in pixels of 500 ppi.
Period period_of(const Field& picture, int pixel_px, const Flow& flow,
                 const Grid<std::uint8_t>& mask);

}  // namespace whorl::features
