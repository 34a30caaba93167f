#pragma once
// Pictures whose ridges are known: straight gratings, and errors of directions known up to half a
// turn.

#include <cmath>
#include <numbers>

#include "engine/features/fingerprint/grid.h"
#include "engine/features/fingerprint/ridge_flow.h"

namespace whorl::features::testing {

inline constexpr double kPi = std::numbers::pi;

// Ridges of amplitude 1 along `degrees`, clockwise from +x as y points down, a pixel of the picture
// being `pixel_px` pixels of 500 ppi.
inline Field grating(int width, int height, double degrees, double period_px, double phase = 0.3,
                     double pixel_px = 1) {
  Field field(width, height);
  const double c = std::cos(degrees * kPi / 180), s = std::sin(degrees * kPi / 180);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double across = (y * c - x * s) * pixel_px;
      field.at(x, y) = static_cast<float>(std::cos(2 * kPi * across / period_px + phase));
    }
  }
  return field;
}

// Of the flow's direction in a cell, against `degrees`.
inline double direction_error_degrees(const Flow& flow, int cx, int cy, double degrees) {
  const double doubled = std::atan2(static_cast<double>(flow.sine.at(cx, cy)),
                                    static_cast<double>(flow.cosine.at(cx, cy)));
  return std::abs(std::remainder(doubled - 2 * degrees * kPi / 180, 2 * kPi)) / 2 * 180 / kPi;
}

// The flow of such a grating, everywhere.
inline Flow constant_flow(int cells_across, int cells_down, double degrees) {
  const double doubled = 2 * degrees * kPi / 180;
  return {Field(cells_across, cells_down, static_cast<float>(std::cos(doubled))),
          Field(cells_across, cells_down, static_cast<float>(std::sin(doubled)))};
}

}  // namespace whorl::features::testing
