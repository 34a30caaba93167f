#include "scanners/simulated/ridge_flow.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace whorl::scanners {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
// How far one node bends the flow: enough that equal classes differ by some 10 degrees, too little
// to make a new singular point.
constexpr double kBendSdRadians = 0.18;
// How much singular points wander between fingers, as a share of the pad.
constexpr double kPlaceSd = 0.10;
// A plain arch's slope at its steepest, and the bow (radians) that all other classes get.
constexpr double kLeastArchSlope = 0.5, kMostArchSlope = 1.1;
constexpr double kLeastBow = 0.5, kMostBow = 1.0;
// Period of the arch, in half widths of the pad; outside a third of it the slope falls again.
constexpr float kArchWidth = 1.8F;
// Reach of the difference quotient in divergence(): a third of a ridge period.
constexpr float kProbePx = 3;

float wrapped_half_turn(float radians) {  // to (-pi/2, pi/2]: orientations repeat after half a turn
  return radians - kPi * std::round(radians / kPi);
}

// 1 at the tip and half at the lower edge, where ridges run level towards the joint.
float fade(float v) { return 1 / (1 + std::max(0.0F, v) * std::max(0.0F, v)); }

}  // namespace

std::string_view name_of(PatternClass pattern) {
  switch (pattern) {
    case PatternClass::left_loop:
      return "left-loop";
    case PatternClass::right_loop:
      return "right-loop";
    case PatternClass::whorl:
      return "whorl";
    case PatternClass::arch:
      return "arch";
    case PatternClass::tented_arch:
      return "tented-arch";
  }
  return "";
}

void RidgeFlow::add(float sign, float x_px, float y_px, SeededRandom& random) {
  Singularity& made = singularities_.at(static_cast<std::size_t>(count_++));
  made.sign = sign;
  made.at.x_px = x_px + static_cast<float>(random.normal(0, kPlaceSd)) * pad_.half_width_px;
  made.at.y_px = y_px + static_cast<float>(random.normal(0, kPlaceSd)) * pad_.half_height_px;
  for (std::size_t i = 0; i < kNodes; ++i) {
    made.bend[i] = static_cast<float>(random.normal(0, kBendSdRadians));
  }
  made.bend[kNodes] = made.bend[0];
}

RidgeFlow::RidgeFlow(PatternClass pattern, PadSize pad, SeededRandom& random) : pad_(pad) {
  arch_slope_ = static_cast<float>(pattern == PatternClass::arch
                                       ? random.uniform(kLeastArchSlope, kMostArchSlope)
                                       : random.uniform(kLeastBow, kMostBow));
  arch_middle_px_ = static_cast<float>(random.normal(0, kPlaceSd)) * pad.half_width_px;
  const float w = pad.half_width_px, h = pad.half_height_px;
  switch (pattern) {
    case PatternClass::left_loop:  // the delta lies on the side the loop does not open to
      add(+1, 0, -0.25F * h, random);
      add(-1, 0.75F * w, 0.5F * h, random);
      break;
    case PatternClass::right_loop:
      add(+1, 0, -0.25F * h, random);
      add(-1, -0.75F * w, 0.5F * h, random);
      break;
    case PatternClass::whorl: {
      const float apart = static_cast<float>(random.uniform(0.05, 0.2)) * h;
      add(+1, 0, -0.15F * h - apart, random);
      add(+1, 0, -0.15F * h + apart, random);
      add(-1, -0.85F * w, 0.6F * h, random);
      add(-1, 0.85F * w, 0.6F * h, random);
      break;
    }
    case PatternClass::tented_arch:
      add(+1, 0, -0.1F * h, random);
      add(-1, 0, 0.45F * h, random);
      break;
    case PatternClass::arch:
      break;
  }
}

float RidgeFlow::orientation(FingerPoint at) const {
  const float u = (at.x_px - arch_middle_px_) / pad_.half_width_px;
  const float v = at.y_px / pad_.half_height_px;
  const float bow = -arch_slope_ * std::sin(kPi * u / kArchWidth) * fade(v);
  if (count_ == 0) return std::atan(bow);
  float sum = 0;
  for (int i = 0; i < count_; ++i) {
    const Singularity& s = singularities_[static_cast<std::size_t>(i)];
    const float angle = std::atan2(s.at.y_px - at.y_px, at.x_px - s.at.x_px);
    const float place = (angle + kPi) * (kNodes / (2 * kPi));
    const auto node = std::clamp(static_cast<int>(place), 0, kNodes - 1);
    const float part = place - static_cast<float>(node);
    const auto n = static_cast<std::size_t>(node);
    sum += s.sign * (angle + s.bend[n] + part * (s.bend[n + 1] - s.bend[n]));
  }
  return bow + 0.5F * sum;
}

float RidgeFlow::divergence(FingerPoint at, float orientation_radians) const {
  // The normal, a quarter turn anticlockwise as seen, is (-sin, -cos) where y runs downwards.
  const float dx = -std::sin(orientation_radians) * kProbePx;
  const float dy = -std::cos(orientation_radians) * kProbePx;
  const float ahead = orientation({at.x_px + dx, at.y_px + dy});
  const float behind = orientation({at.x_px - dx, at.y_px - dy});
  return wrapped_half_turn(ahead - behind) / (2 * kProbePx);
}

}  // namespace whorl::scanners
