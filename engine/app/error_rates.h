#pragma once

#include <string>
#include <vector>

namespace whorl::app {

// Similarities of comparisons whose truth is known, of one database or of several together.
struct LabelledScores {
  std::string name;
  std::vector<double> genuine;   // two captures of one finger
  std::vector<double> impostor;  // captures of two fingers

  bool measurable() const { return !genuine.empty() && !impostor.empty(); }
};

// What accepting scores of some threshold or more would do.
struct OperatingPoint {
  double fmr = 0;   // share of impostor scores that are accepted
  double fnmr = 0;  // share of genuine scores that are not
};
OperatingPoint operating_point(const LabelledScores& scores, double threshold);

// One point for each threshold that makes a difference, rising, the last of which accepts nobody:
// the FMR falls from 1 to 0 and the FNMR rises from 0 to 1. `scores` must be measurable.
std::vector<OperatingPoint> det_curve(const LabelledScores& scores);

// The figures of the FVC competitions, as shares.
struct ErrorRates {
  double eer = 0;       // mean of FMR and FNMR where they cross
  double fmr100 = 0;    // the lowest FNMR at an FMR of 1 in 100 or less
  double fmr1000 = 0;   // of 1 in 1,000 or less
  double zero_fmr = 0;  // without any false match
};
// Source: Maio, Maltoni, Cappelli, Wayman, Jain, "FVC2000: fingerprint verification competition",
// IEEE TPAMI 24(3), 2002, which also settles where curves of steps cross.
ErrorRates error_rates(const std::vector<OperatingPoint>& curve);

}  // namespace whorl::app
