#pragma once
// The skin of a slap in connected parts, and which way the hand lies.

#include <vector>

#include "engine/features/fingerprint/slap_ground.h"

namespace whorl::features {

struct SkinPoint {
  float x = 0, y = 0;  // cells
  float ridges = 0;    // SlapGround's
};
using SkinPart = std::vector<SkinPoint>;

// The largest turn of a hand that is looked for. Beyond it tips and sides are no longer told apart.
inline constexpr float kMostLeanRadians = 0.87F;  // 50 degrees

// A frame in which fingers point up: `lean` is how far they lean from there, clockwise.
struct Upright {
  float x = 0, y = 0;  // its origin, in cells
  float cosine = 1, sine = 0;

  Upright(float origin_x, float origin_y, float lean_radians);
  SkinPoint turned(const SkinPoint& p) const {
    const float dx = p.x - x, dy = p.y - y;
    return {cosine * dx + sine * dy, cosine * dy - sine * dx, p.ridges};
  }
  SkinPoint back(float right, float down) const {
    return {x + cosine * right - sine * down, y + sine * right + cosine * down, 0};
  }
};

// Connected through sides of cells; none smaller than 10 mm2. What is wider than a finger
// whichever way it is seen is taken apart where its ridges are weakest, if that leaves pieces.
std::vector<SkinPart> parts_of(const SlapGround& ground);

// How all fingers together lean: the angle at which the skin of each, seen along it, falls into the
// fewest and fullest columns: phalanges of one finger stand behind each other, and a tip alone is
// longer than wide. Projecting the whole slap at once instead (compare the Radon lines of US
// 9,904,835) takes a line of several tips for a finger where phalanges are faint: 24 of 89 turned
// slaps went wrong so, against 1. Leans beyond kMostLeanRadians are not tried, and of near equals
// the smaller is taken. Parts wider than a finger or not clearly longer than wide have no say;
// where there are no others the lean is 0.
float common_lean(const std::vector<SkinPart>& parts, const SlapGround& ground);
// Of one finger, near the hand's, which is the answer where its shape has no say.
float lean_near(const SkinPart& finger, float lean_radians);

}  // namespace whorl::features
