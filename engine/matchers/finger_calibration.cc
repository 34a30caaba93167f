#include "engine/matchers/finger_calibration.h"

#include <algorithm>
#include <cmath>

namespace whorl::matchers {
namespace {
constexpr double kRootTwoPi = 2.5066282746310002;
}

Calibrated calibrate(const FingerCalibration& c, Similarity similarity) {
  const double s = similarity.value();
  const double tail = std::exp(-std::max(0.0, s - c.origin) / c.scale);
  const double below = (std::min(s, c.genuine_mean) - c.genuine_mean) / c.genuine_sd;
  const double mates = std::exp(-below * below / 2) / (c.genuine_sd * kRootTwoPi);
  const double strangers = tail / c.scale;
  const double ratio = ((1 - c.stranger_share) * mates + c.stranger_share * strangers) /
                       (strangers + c.least_rate * mates);
  return {LogLikelihoodRatio{std::log(ratio)}, FalseMatchRate{std::max(tail, c.least_rate)}};
}

}  // namespace whorl::matchers
