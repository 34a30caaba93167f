#pragma once

#include <vector>

#include "scanners/simulated/placed_capture.h"
#include "scanners/simulated/ridge_pattern.h"

namespace whorl::scanners {

// How a finger prints.
struct Touch {
  float moisture = 0;   // -1 bone dry .. +1 dripping wet
  float blotches = 0;   // sd of the moisture within the print
  float roughness = 0;  // of ridge edges, a ridge's height being 1
};

// What a finger leaves on the platen: 0 nothing .. 1 as dark as a ridge can be.
struct Ink {
  int width_px = 0, height_px = 0;
  std::vector<float> cover;  // row by row

  Ink(Pixels width, Pixels height);
  float* row(int y) { return cover.data() + static_cast<std::ptrdiff_t>(y) * width_px; }
  const float* row(int y) const { return cover.data() + static_cast<std::ptrdiff_t>(y) * width_px; }
};

// The skin under the contact, set down where `skin` places it on a platen of this size. All sizes
// are at least one pixel. About 2 ms on 400 x 500 px.
Ink press(const RidgePattern& pattern, const Contact& contact, const Skin& skin, const Touch& touch,
          Pixels width, Pixels height, SeededRandom& random);

}  // namespace whorl::scanners
