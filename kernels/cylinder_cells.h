#pragma once
// The neighbourhood of one minutia as the cells of a cylinder; sign_projection.h makes codes of it.

#include <cstdint>

#include "kernels/core.h"

namespace whorl::kernels {

inline constexpr int kCylinderAcross = 8;    // cells of a row, rows of a cylinder
inline constexpr int kCylinderSections = 6;  // directions of each cell
inline constexpr int kSectionLanes = 8;      // a cell's sections in memory: the last two are zero
inline constexpr int kCylinderMargin = 4;    // cells beyond each side that a neighbour may touch
inline constexpr int kCylinderWindow = 4;    // cells of one row that a neighbour reaches, at most

// The geometry and its tables, made once by whoever owns the constants.
struct CylinderPlan {
  // Middle of cell c of a row (and of a column) at [c + kCylinderMargin], px.
  float middles_px[kCylinderAcross + 2 * kCylinderMargin];
  std::int32_t live_first[kCylinderAcross];  // live columns of each row
  std::int32_t live_last[kCylinderAcross];   // inclusive
  // A neighbour counts in cells whose middle is within reach_px: (2 * reach_px) / cell_px < 4.
  float cell_px, reach_px;
  std::int32_t reach_squared;  // whole square pixels
  const float* spatial;  // [reach_squared + 2] weight by whole squared distance; the last is 0
  const float* shares;   // [256][kSectionLanes] by turn; 32-byte aligned
  float saturation;
};

// What the minutia in the middle sees, turned with its direction. Within the cylinder's radius plus
// reach_px of the middle, so that no window passes the margin.
struct SeenNeighbours {
  const float* x_px;
  const float* y_px;
  const std::uint8_t* turn_steps;  // of their direction, relative to the middle's
  std::int32_t count;
};

// For each live cell (row by row) and section k, with d2 the squared distance from the cell's
// middle:
//
//     s = sum over neighbours n with d2(n) <= reach_squared, in their order, of
//         spatial[floor(d2(n))] * shares[turn(n)][k]
//     cells[live cell * kCylinderSections + k] = floor(127 * (s / (s + saturation)) + 0.5)
//
//   cells  [kCylinderCells]  0 .. kMaxCellValue; what lies behind the last live cell is 0
//
// Single precision, each operation rounded once, in the order written: twins agree bit for bit.
// Cost: about ten cells of kSectionLanes multiply-adds a neighbour, and a division a section.
using FillCylinder = void (*)(const CylinderPlan& plan, const SeenNeighbours& seen,
                              std::uint8_t* cells);

void fill_cylinder_reference(const CylinderPlan&, const SeenNeighbours&, std::uint8_t*);
void fill_cylinder_avx2(const CylinderPlan&, const SeenNeighbours&, std::uint8_t*);

}  // namespace whorl::kernels
