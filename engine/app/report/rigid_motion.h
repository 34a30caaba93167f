#pragma once

#include <complex>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {

using ImagePoint = std::complex<double>;  // px at 500 ppi, x to the right, y downwards

inline ImagePoint place_of(const Minutia& m) {
  return {static_cast<double>(m.x_px), static_cast<double>(m.y_px)};
}

// A turn and a shift without stretching: p -> turn * (p - from) + to.
struct RigidMotion {
  ImagePoint turn{1, 0};        // unit; y runs down, so a positive argument is clockwise as seen
  ImagePoint from, to;          // the middle of the matched minutiae, before and after
  double residual_px = 0;       // root mean square of what is left between the pairs
  std::vector<double> left_px;  // for each pair

  ImagePoint operator()(ImagePoint p) const { return turn * (p - from) + to; }
  Direction operator()(Direction direction) const;
  double degrees() const;                            // anticlockwise as seen, -180 .. 180
  ImagePoint shift_px() const { return to - from; }  // of the middle
};

// The motion that lays the reference's minutiae on the probe's with the least squared distances
// over the pairs, a pair weighted by its share of the score (at least kLeastWeight, so that no pair
// is left out). One pair is turned by its directions; without pairs nothing moves.
// Source: Umeyama, IEEE TPAMI 13(4), 1991, in the complex plane and without scale.
RigidMotion consensus_motion(const FingerTemplate& probe, const FingerTemplate& reference,
                             const std::vector<matchers::GrownPair>& pairs);
inline constexpr double kLeastWeight = 0.1;

}  // namespace whorl::app
