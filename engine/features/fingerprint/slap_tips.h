#pragma once
// From skin to fingertips: the distal phalanx of each finger, in a box that leans as it does.

#include <vector>

#include "engine/features/fingerprint/slap_parts.h"

namespace whorl::features {

struct Fingertip {     // lengths in cells
  float x = 0, y = 0;  // the box's middle
  float width = 0, height = 0;
  float lean_radians = 0;  // clockwise from straight up
  float ridges = 0;        // sum of SlapGround::ridges over the tip's skin
};

struct HandTips {
  float lean_radians = 0;       // of the hand
  std::vector<Fingertip> tips;  // left to right as the hand sees it, turned upright
};

// A part of skin is cut between touching fingers where the line of its tips, seen from above, has a
// notch: always at a deep one, at a shallow one only while there are fewer tips than `expected`. A
// phalanx with another above it in the same column is no tip. A tip ends at the joint's crease, the
// clearest valley of ridges across the finger at 0.72 to 2.2 times its width below its end; else
// where its skin does, but not before 1.3 widths, nor after 1.9. Tips of less than 5 mm or more
// than 33 mm in width are none, nor, where there are more than expected, what is much smaller than
// the others. There may be fewer or more than expected, which is 0 where nobody knows: that is for
// the caller to judge.
HandTips fingertips_of(const SlapGround& ground, int expected);

}  // namespace whorl::features
