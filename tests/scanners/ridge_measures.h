#pragma once
// What can be measured of ridges in a picture, whatever made it.

#include <functional>

#include "engine/base/image.h"
#include "scanners/simulated/ridge_pattern.h"

namespace whorl::scanners::testing {

// Brightness of the ridges at a place, high on ridges; any scale.
using Field = std::function<float(float x_px, float y_px)>;

Field field_of(const RidgePattern& pattern);  // in the finger's coordinates
Field field_of(const Image& image);           // in the platen's, dark is high

struct LocalOrientation {
  float radians = 0;    // along the ridges, anticlockwise as seen, known up to half a turn
  float coherence = 0;  // 0 any direction .. 1 one direction
};
// Structure tensor over a square of 2 * reach + 1 pixels.
LocalOrientation orientation_at(const Field& field, FingerPoint at, int reach_px);

// Mean distance of ridges along a line of this length across them; 0 where fewer than two were met.
float period_across(const Field& field, FingerPoint at, float orientation, float length_px);

// How many more ridges there are ahead than behind, counted on a circle around `at`: +1 around a
// minutia of this direction, -1 where it points the other way, 0 where there is none.
int ridges_gained(const Field& field, FingerPoint at, float direction, float period_px,
                  float radius_px);

// The smaller turn between two orientations, radians.
float between_orientations(float a, float b);

}  // namespace whorl::scanners::testing
