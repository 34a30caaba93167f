#pragma once

#include <string>
#include <string_view>

#include "engine/app/report/svg.h"
#include "engine/base/biometrics.h"
#include "engine/matchers/calibration.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::app {

// The words under a picture of one comparison.
struct MinutiaeCaption {
  std::string_view probe;      // "probe: b.iso, right index"
  std::string_view reference;  // "reference: a.iso, right index"
  matchers::Calibrated value;
};

// Two prints' minutiae beside each other, corresponding ones joined, and over each other: the probe
// laid on the reference by the rigid motion that fits the correspondence best. A pair is drawn the
// stronger, the more it says for one person; minutiae without a partner are faint. Circles are
// endings, squares bifurcations, the tail points along the minutia's direction.
//
// Shows minutiae, never an image. Both templates as they were compared.
Svg minutiae_picture(const FingerTemplate& probe, const FingerTemplate& reference,
                     const matchers::FingerComparison& comparison, const MinutiaeCaption& caption);

}  // namespace whorl::app
