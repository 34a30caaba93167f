#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/app/report/svg.h"

namespace whorl::app {

// Two populations of scores over one axis: comparisons of one person's captures and of two
// people's. The height is each bin's share of its own population on a logarithmic axis, because
// what matters, the tail where they meet, is a millionth of either.
struct ScoreHistogram {
  std::string title, axis;  // "Scores of the demo's searches", "log likelihood ratio (nats)"
  std::vector<double> genuine, impostor;
  std::optional<double> threshold;  // a dashed line, named below
  std::string threshold_name;
};

// At least one score altogether, all finite.
Svg histogram_picture(const ScoreHistogram& histogram);

}  // namespace whorl::app
