#pragma once

#include "engine/base/biometrics.h"
#include "engine/base/random.h"
#include "scanners/simulated/master_finger.h"

namespace whorl::scanners {

// How a finger meets the scanner. The defaults give pairs of captures whose statistics are those
// measured on FVC2002 and FVC2004 (docs/simulation.md; tests/scanners/mates_test.cc measures them).
// All are those of one capture: between two captures, differences are larger by the root of two.
struct CaptureConditions {
  double turn_sd_degrees = 10.2;   // of the whole finger on the platen
  double shift_sd_px = 31;         // of the whole finger, each axis
  double contact_shift_sd = 0.14;  // which part of the pad touches, as a share of its half axes
  double contact_size = 1.0;       // share of the pad's usual extent that touches
  double contact_size_sd = 0.09;   // pressure
  double stretch_sd = 0.011;       // of the skin, each entry of its linear part
  double wave_px = 1.05;           // of the skin's uneven part, each of three waves and axes
  double jitter_px = 1.35;         // where the extractor puts a minutia, each axis
  double direction_sd_degrees = 3.6;
  double lost = 0.14;                         // share of minutiae the extractor misses
  double spurious = 0.14;                     // minutiae it makes up, as a share of the real ones
  double kind_flipped = 0.10;                 // endings taken for bifurcations and the reverse
  double quality_mean = 70, quality_sd = 17;  // 0 .. 100; all errors grow as it falls
  Pixels platen_width{400}, platen_height{500};  // what lies outside is not seen
};

// No capture shows more. One that shows fewer is taken again, as a clerk would, a few times: with
// the default conditions none shows fewer, with a small contact some do.
inline constexpr int kFewestSeen = 12;
inline constexpr int kMostSeen = 80;

// One capture of a finger at 500 ppi: what the platen shows of it, in the platen's coordinates, in
// the order a raster scan meets it. Codes are not made. About 5 us (docs/simulation.md), one
// allocation.
//
// The skin gives way by a linear map and three long waves; the contact area is an ellipse that
// wanders over the pad. Errors grow as the drawn quality falls, and minutiae carry qualities of
// their own, lower where they were made up.
FingerTemplate capture(const MasterFinger& finger, const CaptureConditions& conditions,
                       SeededRandom& random);

}  // namespace whorl::scanners
