#pragma once

#include "scanners/simulated/finger_capture.h"
#include "scanners/simulated/skin.h"

namespace whorl::scanners {

// The part of a pad that touches the platen: an ellipse.
struct Contact {
  FingerPoint middle;
  PadSize size;

  // Squares of the distance from the middle: 1 at the rim.
  float rim(FingerPoint at) const {
    const float u = (at.x_px - middle.x_px) / size.half_width_px;
    const float v = (at.y_px - middle.y_px) / size.half_height_px;
    return u * u + v * v;
  }
  bool holds(FingerPoint at) const { return rim(at) <= 1; }
};

// A capture, and how the finger lay while it was made.
struct PlacedCapture {
  FingerTemplate print;
  Contact contact;
  Skin skin;
  double quality = 0;  // 0 .. 100, as drawn
};

// What capture() gives, with the same draws from `random`, so that a picture and a template of one
// moment agree.
PlacedCapture capture_placed(const MasterFinger& finger, const CaptureConditions& conditions,
                             SeededRandom& random);

}  // namespace whorl::scanners
