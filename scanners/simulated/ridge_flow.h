#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/random.h"

namespace whorl::scanners {

// Henry's classes, as far as they change where ridges run. A "left" loop opens to the left as seen
// on the image.
enum class PatternClass : std::uint8_t { left_loop, right_loop, whorl, arch, tented_arch };
std::string_view name_of(PatternClass pattern);

// A point of a finger, in pixels at 500 ppi from the middle of its pad: x to the right, y
// downwards.
struct FingerPoint {
  float x_px = 0;
  float y_px = 0;
};

// The contact area of a pad, an ellipse about its middle.
struct PadSize {
  float half_width_px = 0;
  float half_height_px = 0;
};

// Which way the ridges run at each point of a finger.
//
// Loops, whorls and tented arches: the zero-pole model of Sherlock and Monro (Pattern Recognition
// 26(7), 1993): half the sum of the angles to the cores less those to the deltas; each angle bent
// by a piecewise linear correction of eight nodes, after Vizcaya and Gerhardt (Pattern Recognition
// 29(7), 1996), so that no two loops flow alike. Plain arches have no singular point: ridges are
// waves whose height fades away from the middle, after Cappelli et al. (SFinGe, ICPR 2000). The
// same waves, lower, bend the flow of all other classes around the tip: the zero-pole model alone
// leaves it too level (docs/simulation.md, directions).
class RidgeFlow {
 public:
  RidgeFlow(PatternClass pattern, PadSize pad, SeededRandom& random);

  // Radians, anticlockwise as seen, known up to half a turn. About 20 ns for each singular point.
  float orientation(FingerPoint at) const;

  // How fast ridges spread when followed in the direction `orientation(at)`, in radians per pixel:
  // divided by the ridge period, the number of ridges that must begin there per square pixel.
  float divergence(FingerPoint at, float orientation) const;

 private:
  static constexpr int kNodes = 8;
  struct Singularity {
    FingerPoint at;
    float sign = 1;  // +1 a core, -1 a delta
    std::array<float, kNodes + 1> bend{};
  };
  void add(float sign, float x_px, float y_px, SeededRandom& random);

  std::array<Singularity, 4> singularities_{};
  int count_ = 0;
  float arch_slope_ = 0;  // how steeply ridges rise towards the middle, at most
  float arch_middle_px_ = 0;
  PadSize pad_;
};

}  // namespace whorl::scanners
