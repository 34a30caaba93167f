#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "kernels/backend.h"
#include "kernels/cylinder_cells.h"
#include "kernels/sign_projection.h"

namespace whorl::features {

// The neighbourhood of a minutia as a cylinder: 8 x 8 cells around it, turned with its direction,
// and six sections for the directions of the neighbours relative to its own. Source: Cappelli,
// Ferrara, Maltoni, "Minutia Cylinder-Code", IEEE TPAMI 32(12), 2010, equations 3-12. Changed: no
// validity by convex hull (the projection that follows makes empty cells neutral), 8 instead of 16
// cells a side (MCC8b of the paper), values as 7-bit integers.
inline constexpr int kCellsAcross = kernels::kCylinderAcross;
inline constexpr int kSections = kernels::kCylinderSections;
inline constexpr float kCylinderRadiusPx = 70;            // paper, Table I: R
inline constexpr float kSpatialSigmaPx = 28.0F / 3;       // sigma_S
inline constexpr float kDirectionalSigmaTurn = 1.0F / 9;  // sigma_D = 2 pi / 9
// A minutia with fewer neighbours in reach than this has no code: its cylinder would say "nothing
// here", and two fingers would agree on that. Paper: min_M = 2; 3 because directions are quantised.
inline constexpr int kMinNeighbours = 3;

inline constexpr int kLiveColumns = 52;  // cells of the 8 x 8 whose middle is within the radius
static_assert(kLiveColumns * kSections <= kernels::kCylinderCells);

struct Cylinders {
  std::vector<std::uint8_t> cells;  // [minutiae, kernels::kCylinderCells], 0 .. 127
  std::vector<bool> described;      // false: too few neighbours, cells all zero
};

// The result does not depend on the backend. Cost: see docs/benchmarks.md.
Cylinders cylinders_of(std::span<const Minutia> minutiae,
                       kernels::Backend backend = kernels::best_backend());

}  // namespace whorl::features
