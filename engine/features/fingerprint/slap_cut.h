#pragma once

#include "engine/features/fingerprint/slap.h"

namespace whorl::features {

// The box's part of the picture, turned upright, bilinear between pixels; whole pixels where the
// box does not lean. What lies beyond the picture is as light as the picture's paper.
Image cut_out(const Image& slap, const LeaningBox& box);

}  // namespace whorl::features
