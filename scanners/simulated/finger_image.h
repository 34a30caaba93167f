#pragma once

#include "engine/base/image.h"
#include "scanners/simulated/placed_capture.h"
#include "scanners/simulated/ridge_pattern.h"

namespace whorl::scanners {

// How a scanner sees a finger. The defaults look like an optical scanner's good and middling prints
// (docs/simulation.md, Images). What the drawn quality of a capture takes away, it takes from all
// of these: at quality 70 they are as written, at 10 twice as strong.
struct ImageConditions {
  double moisture_mean = 0.0, moisture_sd = 0.3;  // -1 bone dry .. +1 dripping wet
  double blotches = 0.25;                         // how much moisture varies within a print
  double roughness = 0.22;  // of ridge edges and pressure, as a share of a ridge's height
  double scratches = 1.0;   // mean number of white lines that only this capture has
  double grain_sd = 3.0;    // of the sensor, grey levels
  double background = 228;  // grey level beside the finger
  double unevenness = 8;    // of the background, sd in grey levels
  double dust = 6;          // mean number of dark specks on the platen
  double residue = 0.0;     // ink that the finger's last touch left, 0 .. 1
};

// One capture at 500 ppi, dark ridges on light ground, as large as the platen. The same finger,
// conditions and random numbers give capture()'s template; both show the same moment: the same
// skin, contact and quality. (The template's own errors are drawn by themselves; the picture's lie
// in the picture.) `pattern` is grow_ridges(finger). Cost: docs/simulation.md.
Image capture_image(const MasterFinger& finger, const RidgePattern& pattern,
                    const CaptureConditions& conditions, const ImageConditions& image_conditions,
                    SeededRandom& random);

// The same where the finger's pattern is not kept.
Image capture_image(const MasterFinger& finger, const CaptureConditions& conditions,
                    const ImageConditions& image_conditions, SeededRandom& random);

}  // namespace whorl::scanners
