#pragma once
// The constants and formulas that the definition of print_alignment.h and its twins share.

#include <cmath>
#include <cstdint>

#include "kernels/print_alignment.h"

// A GPU takes the formulas from here too; it cannot see the tables, and is given its own copies.
namespace whorl::kernels::alignment {

// Two pairs agree on the distance between their minutiae, d in one print and e in the other, when
// |d - e| <= T with T^2 = kStretchPx^2 + kStretchShare^2 (d^2 + e^2) / 2: skin stretches, and
// extractors err by 3 to 4 px an axis. Within half of T they agree
// twice as much.
inline constexpr float kStretchPx2 = 5 * 5;
inline constexpr float kStretchShare2 = 0.08F * 0.08F;
inline constexpr float kHalfShare2 = kStretchShare2 / 2;
// Directions of two pairs must have turned alike within 25 degrees, and the line between them as
// the first pair has within 19: tan.
inline constexpr int kMaxTurnSteps = 18;
inline constexpr float kMaxSlant = 0.35F;
inline constexpr float kLeverPx2 = 18 * 18;

// A probe minutia's partner is looked for so far from where the motion puts it, and so far turned.
inline constexpr int kReachPx = 18;
inline constexpr int kReachSteps = 18;
// Residuals of mates after a rigid fit of the pairs that agree: 6.5 px an axis (elastic skin), 8
// degrees. -ln of both normals is (kDistanceCost d^2 + kTurnCost turn^2) / 338; 97 / 2^11 = 16 /
// 338.
inline constexpr int kDistanceCost = 4, kTurnCost = 5;
inline constexpr int kCostScale = 97, kCostShift = 11;
// Of the minutiae both prints show this share is found; directions of strangers agree twice as
// often as uniform ones, since both follow the ridges. With the two normals at their height:
// 0.7 / (2 pi 6.5^2) / (0.14 sqrt(2 pi)) * 2 * (2 pi / 4) = 0.0236 for one minutia in a square px.
inline constexpr double kLogHeight = -3.746;
// What a probe minutia costs that lies within the other print's frame, and has no partner there.
inline constexpr int kMissingCost = kAlignmentUnit / 2;
inline constexpr int kFrameMarginPx = 5;
// The frame's share that a print covers, and what half a ridge period adds to each side of it.
inline constexpr int kFrameGrowthPx = 20;
inline constexpr int kCoveredPercent = 80;

constexpr double logarithm(double x) {  // of x > 0; twice the inverse hyperbolic tangent
  double powers_of_two = 0;
  while (x > 1.5) x /= 2, powers_of_two += 1;
  while (x < 0.75) x *= 2, powers_of_two -= 1;
  const double t = (x - 1) / (x + 1);
  double sum = 0, power = t;
  for (int k = 1; k < 40; k += 2) sum += power / k, power *= t * t;
  return 2 * sum + powers_of_two * 0.693147180559945309;
}

constexpr int rounded(double x) { return static_cast<int>(x < 0 ? x - 0.5 : x + 0.5); }

// What a couple without any residual counts, by the area that each of the print's minutiae has to
// itself, in steps of kAreaStep px^2.
inline constexpr int kAreaStep = 32, kAreas = 128;
struct HeightTable {
  std::int16_t units[kAreas] = {};
  constexpr HeightTable() {
    for (int a = 0; a < kAreas; ++a) {
      units[a] = static_cast<std::int16_t>(
          rounded(kAlignmentUnit * (logarithm((a + 0.5) * kAreaStep) + kLogHeight)));
    }
  }
};
inline constexpr HeightTable kHeights;

// What the codes of a couple add: a third of the log likelihood ratio of their likeness
// s = 1 - 2 h / kCodeBits where the column names just this partner; neighbourhoods overlap, so one
// couple says part of what the next one says. Mates 0.55 +- 0.17 (more is no worse), strangers
// 0.10 +- 0.12. Where the column names another partner the likeness is unknown, and poor.
inline constexpr int kOtherPartner = -10;
struct LikenessTable {
  std::int16_t units[kCodeBits / 2 + 1] = {};
  constexpr LikenessTable() {
    for (int h = 0; h <= kCodeBits / 2; ++h) {
      const double s = 1 - 2.0 * h / kCodeBits;
      const double mates = s < 0.55 ? (0.55 - s) / 0.17 : 0, strangers = (s - 0.10) / 0.12;
      const double ratio = (strangers * strangers - mates * mates) / 2 + logarithm(0.12 / 0.17);
      units[h] =
          static_cast<std::int16_t>(rounded(kAlignmentUnit * 0.3 * (ratio < -2 ? -2 : ratio)));
    }
  }
};
inline constexpr LikenessTable kLikeness;

// Cosines and sines of the 256 directions, in units of 2^-14: whole numbers, the same everywhere.
// By repeated turning of (1, 0) in double precision: errors stay below 1e-13.
struct TurnTable {
  float cosine[256] = {}, sine[256] = {};
  constexpr TurnTable() {
    constexpr double kCosine = 0.999698818696204220, kSine = 0.024541228522912288;  // 2 pi / 256
    double c = 1, s = 0;
    for (int k = 0; k < 256; ++k) {
      cosine[k] = static_cast<float>(rounded(c * 16384)) / 16384;
      sine[k] = static_cast<float>(rounded(s * 16384)) / 16384;
      const double next = c * kCosine - s * kSine;
      s = c * kSine + s * kCosine;
      c = next;
    }
  }
};
inline constexpr TurnTable kTurns;

// One agreement, from the vector u between the two minutiae in the probe, v between those of the
// print, and the turn of the pair whose motion it is. A pair agrees fully with itself.
WHORL_HOST_DEVICE inline int agreement(float ux, float uy, float vx, float vy, float cosine,
                                       float sine) {
  const float d2 = ux * ux + uy * uy, e2 = vx * vx + vy * vy;
  const float both = d2 + e2, product = 4 * d2 * e2;
  const float widest = kStretchPx2 + kHalfShare2 * both;
  // |d - e| <= T where d^2 + e^2 - T^2 <= 2 d e: no square root is needed.
  const auto within = [&](float most2) {
    const float over = both - most2;
    return over * std::fabs(over) <= product ? 1 : 0;
  };
  const float dot = ux * vx + uy * vy, cross = ux * vy - uy * vx;
  const float along = dot * cosine + cross * sine, across = cross * cosine - dot * sine;
  if (std::fabs(across) > kMaxSlant * along) return 0;
  return within(widest) + within(widest * 0.25F);
}
// From here on two pairs have the same motion.
inline constexpr int kSameMotion = 2;

// A rigid motion; y upwards.
struct Motion {
  float cosine, sine;
  float from_x, from_y;
  float to_x, to_y;
  int turn_steps;
};

// What the pairs that agree with one pair, at (0, 0) in both prints, say of the motion together.
struct Moments {
  int weight;          // sum of a(p, q) w(q)
  int turn;            // sum of weight times how much further than pair p the pair has turned
  int ux, uy, vx, vy;  // sums of weight times place
  float along;         // sums of weight times (u . v + kLeverPx2 cosine), and of (u x v + ...)
  float across;
};

WHORL_HOST_DEVICE inline Motion motion_of(const Moments& m, int ax, int ay, int bx, int by,
                                          int turn_steps) {
  const auto weight = static_cast<float>(m.weight);
  const auto ux = static_cast<float>(m.ux), uy = static_cast<float>(m.uy);
  const auto vx = static_cast<float>(m.vx), vy = static_cast<float>(m.vy);
  const float along = m.along - (ux * vx + uy * vy) / weight;
  const float across = m.across - (ux * vy - uy * vx) / weight;
  const float length = std::sqrt(along * along + across * across);
  Motion motion{1,
                0,
                static_cast<float>(ax) + ux / weight,
                static_cast<float>(ay) + uy / weight,
                static_cast<float>(bx) + vx / weight,
                static_cast<float>(by) + vy / weight,
                turn_steps + rounded(static_cast<double>(m.turn) / m.weight)};
  if (length > 0) motion.cosine = along / length, motion.sine = across / length;
  return motion;
}

struct Place {
  int x, y;
};
// The nearest whole number, halves up, of what stays within the frames of two prints.
WHORL_HOST_DEVICE inline int whole(float v) {
  constexpr int kAway = 1 << 16;  // so that cutting off rounds down; 1/128 px is kept
  return static_cast<int>(v + (static_cast<float>(kAway) + 0.5F)) - kAway;
}
WHORL_HOST_DEVICE inline Place moved(const Motion& m, int x, int y) {
  const float dx = static_cast<float>(x) - m.from_x, dy = static_cast<float>(y) - m.from_y;
  return {whole(m.to_x + (m.cosine * dx - m.sine * dy)),
          whole(m.to_y + (m.sine * dx + m.cosine * dy))};
}

// The rectangle that holds a print's minutiae, and what a couple without residual counts there.
struct Frame {
  int left = kMaxPlace, right = 0, bottom = 0, top = -kMaxPlace;  // y upwards
  int height = 0;

  WHORL_HOST_DEVICE void add(int x, int y) {
    left = x < left ? x : left, right = x > right ? x : right;
    bottom = y < bottom ? y : bottom, top = y > top ? y : top;
  }
  WHORL_HOST_DEVICE void finish(int minutiae, const HeightTable& heights) {
    const std::int64_t area = std::int64_t{right - left + kFrameGrowthPx} *
                              (top - bottom + kFrameGrowthPx) * kCoveredPercent / 100;
    const std::int64_t step = area / minutiae / kAreaStep;
    height = heights.units[step < kAreas ? step : kAreas - 1];
  }
  WHORL_HOST_DEVICE bool holds(Place p, int margin) const {
    return p.x >= left - margin && p.x <= right + margin && p.y >= bottom - margin &&
           p.y <= top + margin;
  }
};

// A couple's worth at the squared distance d2, but for what the codes say.
WHORL_HOST_DEVICE inline int couple(int height, int d2, int turn) {
  const int cost = kDistanceCost * d2 + kTurnCost * turn * turn;
  return height - ((cost * kCostScale) >> kCostShift);
}
WHORL_HOST_DEVICE inline int codes_say(int i, int probe_codes, bool coded, FingerColumn column,
                                       const LikenessTable& likeness) {
  if (i >= probe_codes || !coded) return 0;
  const int h = column >> 8;
  return h < kCodeBits / 2 && partner_of(column) == i ? likeness.units[h] : kOtherPartner;
}

// Adds lanes l and l + 8, then l and l + 4, and so on: the order that halves of registers are added
// in.
inline float sum_of_lanes(const float (&lanes)[kVoters]) {
  static_assert(kVoters == 16);
  float eight[8], four[4];
  for (int l = 0; l < 8; ++l) eight[l] = lanes[l] + lanes[l + 8];
  for (int l = 0; l < 4; ++l) four[l] = eight[l] + eight[l + 4];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

constexpr int turn_between(int from, int to) {
  return static_cast<std::int8_t>(static_cast<std::uint8_t>(to - from));
}

}  // namespace whorl::kernels::alignment
