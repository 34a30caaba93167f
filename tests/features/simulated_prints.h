#pragma once
// Simulated pictures whose minutiae are known, and how two lists of minutiae agree.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "scanners/simulated/people.h"
#include "scanners/simulated/placed_capture.h"

namespace whorl::features::testing {

struct SimulatedPrint {
  Image image;
  std::vector<Minutia> minutiae;  // where the ridges really end and fork; those on the rim have
  std::vector<bool> sure;         // no claim to be found: not sure
};

// One finger each of `count` people, each captured once.
inline std::vector<SimulatedPrint> simulated_prints(std::uint64_t count) {
  using namespace scanners;  // NOLINT: one function
  constexpr float kRim = 0.75F, kSeen = 1.1F;
  constexpr float kEdgePx = 14;
  std::vector<SimulatedPrint> prints;
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto position = static_cast<FingerPosition>(1 + n % 10);
    const Person person = Population(77).person(n);
    const MasterFinger finger = person.finger(position);
    const RidgePattern pattern = grow_ridges(finger);
    SeededRandom random = person.moment(position, n), again = random;
    const PlacedCapture placed = capture_placed(finger, {}, again);
    SimulatedPrint& print = prints.emplace_back();
    print.image = capture_image(finger, pattern, {}, {}, random);
    for (const MasterMinutia& m : pattern.minutiae) {
      const OnPlaten on = placed.skin.place(m.at, m.direction_radians);
      const auto w = static_cast<float>(print.image.width_px),
                 h = static_cast<float>(print.image.height_px);
      const float edge =
          std::min(std::min(on.at.x_px, w - on.at.x_px), std::min(on.at.y_px, h - on.at.y_px));
      if (edge < 0 || placed.contact.rim(m.at) > kSeen) continue;
      const double steps = static_cast<double>(on.direction_radians) * 256 / 6.283185307179586;
      print.minutiae.push_back({static_cast<std::int16_t>(std::lround(on.at.x_px)),
                                static_cast<std::int16_t>(std::lround(on.at.y_px)),
                                Direction(static_cast<std::uint8_t>(std::lround(steps) & 0xFF)),
                                m.kind, 0, 0});
      print.sure.push_back(edge > kEdgePx && placed.contact.rim(m.at) < kRim);
    }
  }
  return prints;
}

// Of each minutia of `a` its partner in `b`, or -1: nearest pairs first, each used once.
inline std::vector<int> partners(const std::vector<Minutia>& a, const std::vector<Minutia>& b,
                                 double most_px = 8, double most_degrees = 15) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const double apart = std::hypot(a[i].x_px - b[j].x_px, a[i].y_px - b[j].y_px);
      if (apart > most_px) continue;
      if (turn_between(a[i].direction, b[j].direction) > most_degrees * 256 / 360) continue;
      pairs.emplace_back(apart, i, j);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<int> of_a(a.size(), -1), of_b(b.size(), -1);
  for (const auto& [apart, i, j] : pairs) {
    if (of_a[i] >= 0 || of_b[j] >= 0) continue;
    of_a[i] = static_cast<int>(j), of_b[j] = static_cast<int>(i);
  }
  return of_a;
}

// The share of all minutiae of both that have a partner.
inline double agreement(const std::vector<Minutia>& a, const std::vector<Minutia>& b,
                        double most_px = 8, double most_degrees = 15) {
  if (a.empty() || b.empty()) return a.size() == b.size() ? 1 : 0;
  const std::vector<int> of_a = partners(a, b, most_px, most_degrees);
  const auto none = std::count(of_a.begin(), of_a.end(), -1);
  const auto paired = static_cast<double>(std::ssize(of_a) - none);
  return 2 * paired / static_cast<double>(a.size() + b.size());
}

}  // namespace whorl::features::testing
