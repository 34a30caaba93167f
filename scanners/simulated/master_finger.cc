#include "scanners/simulated/master_finger.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "scanners/simulated/spacing.h"

namespace whorl::scanners {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// Of all fingers, after Wilson, Candela and Watson, Journal of Artificial Neural Networks 1(2),
// 1994: whorls 0.279, loops 0.655, arches 0.037, tented arches 0.029; nine loops in ten open
// towards the little finger.
constexpr double kWhorls = 0.279, kArches = 0.037, kTentedArches = 0.029, kUlnarLoops = 0.59;

// The usual contact area; a pad's own size and its own density together spread the minutiae counts.
constexpr double kHalfWidthPx = 95.5, kHeightToWidth = 1.3;
constexpr double kSizeSd = 0.12, kDensitySd = 0.10;
// No finger is farther from the usual than this many standard deviations.
constexpr double kOutmost = 2;

// On FVC2002 set B two steep minutiae in three point downwards, level ones either way.
constexpr double kJointward = 0.7;

constexpr int kMostMinutiae = 256;
// Darts thrown for each minutia before the finger is taken as full.
constexpr int kDartsPerMinutia = 12;

bool is_right(FingerPosition position) {
  return position >= FingerPosition::right_thumb && position <= FingerPosition::right_little;
}

PatternClass draw_pattern(FingerPosition position, SeededRandom& random) {
  const bool right = is_right(position);
  double draw = random.uniform();
  if ((draw -= kWhorls) < 0) return PatternClass::whorl;
  if ((draw -= kArches) < 0) return PatternClass::arch;
  if ((draw -= kTentedArches) < 0) return PatternClass::tented_arch;
  const bool ulnar = draw < kUlnarLoops;
  return ulnar == right ? PatternClass::right_loop : PatternClass::left_loop;
}

double near_one(double sd, SeededRandom& random) {
  return 1 + std::clamp(random.normal(0, sd), -kOutmost * sd, kOutmost * sd);
}

PadSize draw_pad(SeededRandom& random) {
  const double half_width = kHalfWidthPx * near_one(kSizeSd, random);
  const double half_height = half_width * kHeightToWidth * near_one(kSizeSd / 2, random);
  return {static_cast<float>(half_width), static_cast<float>(half_height)};
}

// Of the two senses of the flow, the one in which ridges begin. By the topology of stripes the
// surplus of minutiae pointing one way is the divergence over the ridge period; where it exceeds
// the density of minutiae, all point that way. Besides, steep ones rather point to the joint.
float with_sense(float orientation, float divergence, double density, SeededRandom& random) {
  const double steep = std::sin(orientation);
  const double surplus =
      divergence / (kRidgePeriodPx * density) - kJointward * steep * steep * steep;
  const double chance = 0.5 + 0.5 * std::clamp(surplus, -1.0, 1.0);
  return random.chance(chance) ? orientation : orientation + kPi;
}

FingerPoint dart(PadSize reach, SeededRandom& random) {
  for (;;) {
    const double u = random.uniform(-1, 1), v = random.uniform(-1, 1);
    if (u * u + v * v <= 1) {
      return {static_cast<float>(u) * reach.half_width_px,
              static_cast<float>(v) * reach.half_height_px};
    }
  }
}

}  // namespace

MasterFinger make_master_finger(FingerPosition position, SeededRandom& random) {
  const PatternClass pattern = draw_pattern(position, random);
  const PadSize pad = draw_pad(random);
  MasterFinger made{position, pattern, pad, RidgeFlow(pattern, pad, random), {}};
  const double density = kMinutiaePerSquarePixel * near_one(kDensitySd, random);
  const PadSize reach{pad.half_width_px * kFingerReach, pad.half_height_px * kFingerReach};
  const double area = std::numbers::pi * reach.half_width_px * reach.half_height_px;
  const int wanted = std::min(kMostMinutiae, static_cast<int>(area * density));
  made.minutiae.reserve(static_cast<std::size_t>(wanted));

  Spacing<kMostMinutiae> spacing;
  int darts = wanted * kDartsPerMinutia;
  while (static_cast<int>(made.minutiae.size()) < wanted && darts-- > 0) {
    const FingerPoint at = dart(reach, random);
    if (!random.chance(chance_beside_neighbour(spacing.nearest_squared(at)))) continue;
    spacing.add(at);
    const float along = made.flow.orientation(at);
    made.minutiae.push_back(
        {at, with_sense(along, made.flow.divergence(at, along), density, random),
         random.chance(kEndingShare) ? MinutiaKind::ending : MinutiaKind::bifurcation});
  }
  return made;
}

}  // namespace whorl::scanners
