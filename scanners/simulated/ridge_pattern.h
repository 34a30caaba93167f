#pragma once

#include <cstdint>
#include <vector>

#include "scanners/simulated/master_finger.h"

namespace whorl::scanners {

// The skin of a finger as a map at 500 ppi: all that its captures share. Keep it where many
// captures of a finger are wanted.
struct RidgePattern {
  struct Spot {
    std::int8_t relief = 0;  // -127 the bottom of a valley .. 127 the crest of a ridge
    std::uint8_t pore = 0;   // 0 closed .. 255 the middle of a sweat pore
  };

  int width_px = 0, height_px = 0;
  FingerPoint corner;      // of the first pixel's middle, in pixels from the middle of the pad
  std::vector<Spot> skin;  // row by row
  // The finger's minutiae in its order, as they are in this picture: where a ridge really ends or
  // forks, and along the ridges there.
  std::vector<MasterMinutia> minutiae;
};

// Ridges from the phase of ridge_phase.h; pores sit on crests, old creases cross the ridges, and
// ridges vary in width. All of it is the finger's own: there is no randomness but what is drawn
// from the finger itself. Cost: docs/simulation.md.
RidgePattern grow_ridges(const MasterFinger& finger);

}  // namespace whorl::scanners
