#pragma once

#include <string>
#include <vector>

#include "engine/app/error_rates.h"
#include "engine/app/report/svg.h"

namespace whorl::app {

// One line of a detection error trade-off picture.
struct DetLine {
  std::string name;  // "fvc2002_DB1_B"
  std::vector<OperatingPoint> curve;
  bool pooled = false;  // drawn over the others, heavier
};

// False match rate to the right, false non-match rate upwards, both logarithmic, so that what a
// register asks of a matcher (one false match in a thousand, in a million) has room. A rate of 0
// has no logarithm: such points lie on the frame, in a strip of their own marked 0. A line begins
// at the last point without a false non-match and ends with a ring at the first without a false
// match. Equal error rates lie on the thin diagonal.
//
// At least one line, each of det_curve(). The picture alone is a file: Svg::document().
Svg det_picture(const std::string& title, const std::vector<DetLine>& lines);

}  // namespace whorl::app
