#pragma once

#include <string>
#include <string_view>

#include "engine/app/report/backdrop.h"
#include "engine/app/report/rigid_motion.h"
#include "engine/app/report/svg.h"
#include "engine/base/biometrics.h"
#include "engine/matchers/calibration.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {

// One side of a comparison.
struct DrawnPrint {
  std::string_view name;  // "b.iso, right-index"
  const FingerTemplate& print;
  const Backdrop* image = nullptr;  // nothing: minutiae alone
};

enum class PairNumbers : bool { no, yes };  // beside the minutiae, from 1

// One minutia as every picture draws it: a circle for an ending, a square for a bifurcation, the
// tail along its direction, anticlockwise as seen from +x. Of size 1 the circle's radius is 3.2 px.
void draw_minutia(Svg& svg, At at, double radians, MinutiaKind kind, const Mark& look,
                  double size = 1);

// Two prints' minutiae beside each other, corresponding ones joined, and over each other: the
// reference laid on the probe by `motion`. A pair's colour and weight say how much it says for one
// person; minutiae without a partner are faint. Both templates as they were compared; pairs are
// numbered in the order of `comparison.pairs`.
Svg minutiae_picture(const DrawnPrint& probe, const DrawnPrint& reference,
                     const matchers::FingerComparison& comparison,
                     const matchers::Calibrated& value, const RigidMotion& motion,
                     PairNumbers numbers = PairNumbers::no);

// The same without images or numbers, with the consensus motion.
Svg minutiae_picture(std::string_view probe_name, const FingerTemplate& probe,
                     std::string_view reference_name, const FingerTemplate& reference,
                     const matchers::FingerComparison& comparison,
                     const matchers::Calibrated& value);

}  // namespace whorl::app
