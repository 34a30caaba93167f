#pragma once
// Where ridges end and fork.

#include <vector>

#include "engine/base/biometrics.h"
#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "engine/features/fingerprint/skeleton.h"

namespace whorl::features {

// As found, before it is rounded to a Minutia.
struct FoundMinutia {
  float x_px = 0, y_px = 0;     // at 500 ppi, a pixel's middle at whole numbers
  float direction_radians = 0;  // anticlockwise as seen: an ending's into the ridge, a fork's into
                                // the valley between its two nearest branches
  MinutiaKind kind = MinutiaKind::other;
  float quality = 0;  // 0 .. 1
};

// What the minutiae are read from.
struct RidgeEvidence {
  const Bitmap& skeleton;
  const Field& filtered;
  const Flow& flow;
  const Mask& mask;
  const Field& quality;  // 0 .. 1 a cell
};

// Endings and forks by crossing number, at least 8 and 6 px inside the mask. The direction lies
// between the flow and the skeleton over 12 px (it is the skeleton where both disagree by 60
// degrees); the position is moved across the ridge to its crest, between the pixels.
std::vector<FoundMinutia> minutiae_of(const RidgeEvidence& evidence);

// Takes out what comes in the company of noise: the two ends of a broken ridge, opposite pairs, the
// poorer of two at one place, and crowds.
std::vector<FoundMinutia> filtered_minutiae(std::vector<FoundMinutia> minutiae);

}  // namespace whorl::features
