#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "engine/base/random.h"

namespace whorl::scanners {

// A random field without a visible grid: nearly normal numbers of mean 0 and standard deviation 1
// on a lattice, joined by quadratic B-splines. Values farther apart than three lattice steps are
// independent. Immutable; about 2 ns a pixel to read.
class SmoothNoise {
 public:
  SmoothNoise(int width_px, int height_px, int step_px, SeededRandom& random);

  // Row `y`, from its left end on; `out` is at most width_px long.
  void read_row(int y, std::span<float> out) const;

 private:
  std::size_t step_, columns_;
  std::vector<float> lattice_;
  std::vector<float> weights_;  // three for each pixel of a step
};

}  // namespace whorl::scanners
