#pragma once

#include <cstdint>

#include "engine/matchers/calibration.h"

namespace whorl::matchers {

// What similarities of the finger matcher mean.
//
// Strangers: above `origin` their similarity falls off exponentially, P(s or more) = exp(-(s -
// origin) / scale): a generalised Pareto tail with shape 0, fitted to the upper two percent and
// extrapolated, but never below `least_rate`, beyond which no data of ours can speak. Mates: normal
// up to their mean and flat above it, except for a share of pairs that look like strangers (no
// overlap, wrong finger, worn away). The ratio is bounded by ln(stranger_share) and
// -ln(least_rate).
struct FingerCalibration {
  std::uint32_t version;  // rises whenever a number below changes; recorded with every decision
  double origin, scale;
  double genuine_mean, genuine_sd;
  double stranger_share;
  double least_rate;
};

// bench/accuracy/fit_finger_calibration on simulated people gives origin -0.8, scale 2.0, shape
// -0.15, mates 135 +- 60; real strangers of five sets have 10.2 to 12.6 at 1 in 100 and 15.0 to
// 17.6 at 1 in 1,000. The curve is wider than all of them, since prints of 11 to 14 minutiae must
// keep its promises too; docs/accuracy.md shows both. Versions 1 to 3 had the same numbers for
// matchers whose scores meant something else.
inline constexpr FingerCalibration kDefaultFingerCalibration{4, 2.5, 3.0, 80.0, 35.0, 0.02, 1e-10};

// Rising in the similarity: a higher one never has a lower ratio or a higher false match rate.
Calibrated calibrate(const FingerCalibration& calibration, Similarity similarity);

}  // namespace whorl::matchers
