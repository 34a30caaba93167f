#pragma once

#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"
#include "scanners/simulated/ridge_flow.h"

namespace whorl::scanners {

struct MasterMinutia {
  FingerPoint at;
  float direction_radians = 0;  // anticlockwise as seen
  MinutiaKind kind = MinutiaKind::ending;
};

// What nature made: a finger with all its minutiae, of which a capture sees those under its contact
// area.
struct MasterFinger {
  FingerPosition position = FingerPosition::unknown;
  PatternClass pattern = PatternClass::left_loop;
  PadSize contact;  // of a usual capture; minutiae reach kFingerReach times as far
  RidgeFlow flow;
  std::vector<MasterMinutia> minutiae;
};

// Measured on FVC2002 and FVC2004 set B at 500 ppi: docs/simulation.md.
inline constexpr double kMinutiaePerSquarePixel = 9.5e-4;  // 0.37 per square millimetre
inline constexpr double kEndingShare = 0.635;
inline constexpr double kRidgePeriodPx = 9.0;
inline constexpr float kFingerReach = 1.45F;

// Classes come as often as in Wilson, Candela and Watson (1994), loops mostly ulnar.
// About 30 us. All randomness comes from `random`.
MasterFinger make_master_finger(FingerPosition position, SeededRandom& random);

}  // namespace whorl::scanners
