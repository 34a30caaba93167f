#pragma once

#include <string>

#include "engine/app/accuracy.h"
#include "engine/app/report/svg.h"

namespace whorl::app {

// The error trade-off of each database, and of all together.
Svg accuracy_picture(const Accuracy& accuracy);

// One page on a run of `whorl score`: figures, error trade-off, what thresholds promise and keep,
// score distributions. `what` says what was compared. Something must have been measured.
std::string accuracy_report(const Accuracy& accuracy, const std::string& what);

}  // namespace whorl::app
