#include "engine/app/error_rates.h"

#include <algorithm>
#include <iterator>

#include "kernels/core.h"

namespace whorl::app {
namespace {

double share(std::ptrdiff_t part, const std::vector<double>& of) {
  return static_cast<double>(part) / static_cast<double>(of.size());
}

double lowest_fnmr(const std::vector<OperatingPoint>& curve, double fmr) {
  constexpr double kRounding = 1e-12;  // a share that is the limit itself counts
  return std::ranges::find_if(curve,
                              [=](const OperatingPoint& p) { return p.fmr <= fmr + kRounding; })
      ->fnmr;
}

}  // namespace

OperatingPoint operating_point(const LabelledScores& scores, double threshold) {
  WHORL_CHECK(scores.measurable());
  const auto below = [=](double score) { return score < threshold; };
  return {1 - share(std::ranges::count_if(scores.impostor, below), scores.impostor),
          share(std::ranges::count_if(scores.genuine, below), scores.genuine)};
}

std::vector<OperatingPoint> det_curve(const LabelledScores& scores) {
  WHORL_CHECK(scores.measurable());
  std::vector<double> genuine = scores.genuine, impostor = scores.impostor, thresholds;
  std::ranges::sort(genuine), std::ranges::sort(impostor);
  std::ranges::set_union(genuine, impostor, std::back_inserter(thresholds));
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  std::vector<OperatingPoint> curve;
  curve.reserve(thresholds.size() + 1);
  for (const double t : thresholds) {
    curve.push_back({share(impostor.end() - std::ranges::lower_bound(impostor, t), impostor),
                     share(std::ranges::lower_bound(genuine, t) - genuine.begin(), genuine)});
  }
  curve.push_back({0, 1});
  return curve;
}

ErrorRates error_rates(const std::vector<OperatingPoint>& curve) {
  WHORL_CHECK(!curve.empty());
  // The last point before the crossing and the first after it; the curve begins and ends beyond.
  const auto after =
      std::ranges::find_if(curve, [](const OperatingPoint& p) { return p.fnmr >= p.fmr; });
  auto before = std::ranges::find_if(curve, [](const OperatingPoint& p) { return p.fnmr > p.fmr; });
  --before;
  const double sum_before = before->fmr + before->fnmr, sum_after = after->fmr + after->fnmr;
  return {std::min(sum_before, sum_after) / 2, lowest_fnmr(curve, 1e-2), lowest_fnmr(curve, 1e-3),
          lowest_fnmr(curve, 0)};
}

}  // namespace whorl::app
