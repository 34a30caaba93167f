#pragma once

#include <cstdint>
#include <vector>

#include "engine/features/fingerprint/ridge_flow.h"
#include "engine/features/fingerprint/ridge_mask.h"

namespace whorl::features {

enum class SingularKind : std::uint8_t { core, delta };

// Where the flow turns by half a turn on the way around: loops and whorls have cores, and deltas
// where three flows meet.
struct SingularPoint {
  float x_px = 0, y_px = 0;  // at 500 ppi
  SingularKind kind = SingularKind::core;
};

// By the Poincare index (Kawagoe and Tojo, Pattern Recognition 17(3), 1984) of the flow, smoothed
// by one ridge period, on rings of three cells; neighbours that agree are one point. Only those
// whose ring lies inside the mask. A plain arch has none.
std::vector<SingularPoint> singular_points_of(const Flow& flow, const Mask& mask);

}  // namespace whorl::features
