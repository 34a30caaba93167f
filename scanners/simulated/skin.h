#pragma once

#include <array>

#include "scanners/simulated/finger_capture.h"

namespace whorl::scanners {

struct OnPlaten {
  FingerPoint at;
  float direction_radians = 0;
};

// Where a point of the finger comes to lie on the platen: the skin gives way smoothly (a linear map
// and three waves longer than half a pad), then the finger as a whole is turned and set down.
class Skin {
 public:
  Skin(const CaptureConditions& conditions, SeededRandom& random);
  OnPlaten place(FingerPoint at, float direction_radians) const;
  // The point of the finger that lies at a place of the platen: the inverse of place(), within
  // 0.01 px.
  FingerPoint lift(FingerPoint on_platen) const;

 private:
  struct Wave {
    float along_x = 0, along_y = 0, phase = 0;  // radians per pixel, radians
    float dx_px = 0, dy_px = 0;                 // amplitude
  };
  std::array<Wave, 3> waves_;
  float xx_, xy_, yx_, yy_;  // the linear part less the identity
  float cosine_, sine_, turn_radians_;
  FingerPoint set_down_;
};

}  // namespace whorl::scanners
