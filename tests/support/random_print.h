#pragma once
// Arbitrary finger templates for tests of mechanics. Not realistic: nothing about accuracy may rest
// on them (use scanners/simulated/people.h for that).

#include <cmath>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"

namespace whorl::testing {

inline FingerTemplate random_print(std::uint64_t seed, int minutiae,
                                   FingerPosition position = FingerPosition::right_index) {
  SeededRandom random(seed);
  FingerTemplate print;
  print.position = position;
  for (int i = 0; i < minutiae; ++i) {
    print.minutiae.push_back(
        {static_cast<std::int16_t>(random.below(250)), static_cast<std::int16_t>(random.below(300)),
         Direction{static_cast<std::uint8_t>(random.below(256))},
         random.chance(0.6) ? MinutiaKind::ending : MinutiaKind::bifurcation, 50, 0});
  }
  return print;
}

// Another capture of the same print: moved, turned by `degrees` about the middle, jittered, some
// lost.
inline FingerTemplate recapture(const FingerTemplate& print, double degrees, double jitter_px,
                                double kept, std::uint64_t seed) {
  SeededRandom random(seed);
  FingerTemplate again = print;
  again.codes.clear();
  again.code_version = 0;
  again.minutiae.clear();
  const double angle = degrees * 3.14159265358979 / 180, c = std::cos(angle), s = std::sin(angle);
  for (const Minutia& m : print.minutiae) {
    if (!random.chance(kept)) continue;
    const double x = m.x_px - 125, y = m.y_px - 150;
    Minutia n = m;  // y runs down, so an anticlockwise turn of the image is (c x + s y, c y - s x)
    n.x_px =
        static_cast<std::int16_t>(std::lround(c * x + s * y + 140 + random.normal(0, jitter_px)));
    n.y_px =
        static_cast<std::int16_t>(std::lround(c * y - s * x + 160 + random.normal(0, jitter_px)));
    n.direction = Direction{
        static_cast<std::uint8_t>(std::lround(m.direction.steps() + degrees * 256 / 360))};
    again.minutiae.push_back(n);
  }
  return again;
}

}  // namespace whorl::testing
