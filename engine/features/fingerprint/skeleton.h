#pragma once
// The ridges' middle lines.

#include <cstdint>

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_mask.h"

namespace whorl::features {

using Bitmap = Grid<std::uint8_t>;  // a pixel of 500 ppi: 1 ridge, 0 valley or outside

// Ridges of a filtered picture inside `mask`. Valley specks of fewer than 18 px are filled and
// ridge specks of fewer than 30 px erased: pores and dust.
Bitmap binarised(const Field& filtered, const Mask& mask);

// Thinned to lines one pixel wide, connected as before (Guo and Hall, CACM 32(3), 1989, algorithm
// A1), 64 pixels at a time. The outermost rows and columns are empty.
Bitmap thinned(const Bitmap& ridges);

}  // namespace whorl::features
