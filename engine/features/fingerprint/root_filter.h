#pragma once
// Ridges made clear without knowing which way they run.

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_mask.h"

namespace whorl::features {

// Each window's spectrum times its own magnitude to the power of 3/4 (after Watson, Candela and
// Grother, NISTIR 5493, 1994) and a band about the usual ridge period: what is strong and periodic
// grows, the rest shrinks. It needs no direction, so it can put wrong ones right; its pieces of
// ridge are wrong at forks, so nothing but flow and period is read from it. Windows of 32 px every
// 8 px, those whose middle is in `mask`; the answer is at half scale.
Field root_filtered(const Field& normalised, const Mask& mask);

}  // namespace whorl::features
