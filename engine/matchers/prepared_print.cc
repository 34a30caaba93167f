#include "engine/matchers/prepared_print.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

namespace whorl::matchers {
namespace {

// Half the mean distance to the nearest neighbour on real prints: what a minutia "owns" around it.
constexpr float kMarginPx = 11;
// Extractors rarely give more than this to a minutia that is beyond doubt.
constexpr float kFullQuality = 70;

// Andrew's monotone chain (Inf. Proc. Letters 9, 1979).
void convex_hull(std::vector<Point> points, std::vector<Point>& hull) {
  std::ranges::sort(points, {}, [](Point p) { return std::tuple(p.x, p.y); });
  hull.clear();
  const auto add = [&](Point p, std::size_t fixed) {
    while (hull.size() > fixed + 1 &&
           cross(hull.back() - hull[hull.size() - 2], p - hull.back()) <= 0) {
      hull.pop_back();
    }
    hull.push_back(p);
  };
  for (const Point p : points) add(p, 0);
  const std::size_t lower = hull.size() - 1;
  for (std::size_t i = points.size() - 1; i-- > 0;) add(points[i], lower);
  hull.pop_back();
}

const std::array<Point, Direction::kStepsPerTurn>& unit_vectors() {
  static const auto table = [] {
    std::array<Point, Direction::kStepsPerTurn> units{};
    for (std::size_t s = 0; s < units.size(); ++s) {
      const float angle = Direction{static_cast<std::uint8_t>(s)}.radians();
      units[s] = {std::cos(angle), std::sin(angle)};
    }
    return units;
  }();
  return table;
}

// Of the hull grown by half the usual spacing (Steiner's formula).
float area_px2(const std::vector<Point>& hull) {
  float twice = 0, around = 0;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const Point a = hull[i], b = hull[(i + 1) % hull.size()];
    twice += cross(a, b);
    around += std::sqrt(squared_distance(a, b));
  }
  return twice / 2 + around * kMarginPx + 3.14159265F * kMarginPx * kMarginPx;
}

}  // namespace

void PreparedPrint::prepare(const FingerTemplate& print, kernels::Backend backend) {
  at.clear(), direction.clear(), steps.clear(), reliability.clear(), hull.clear();
  for (const Minutia& m : print.minutiae) {
    at.push_back({static_cast<float>(m.x_px), -static_cast<float>(m.y_px)});
    steps.push_back(m.direction.steps());
    direction.push_back(unit_vectors()[m.direction.steps()]);
    const auto quality = static_cast<float>(m.quality);
    reliability.push_back(m.quality == 0 ? 1 : std::min(1.0F, quality / kFullQuality));
  }
  features::describe_vectors(print.minutiae, backend, vectors);
  if (at.size() >= 3) convex_hull(at, hull);
  bare_share = rules::bare_share(static_cast<int>(at.size()), at.size() < 3 ? 0 : area_px2(hull));
}

bool PreparedPrint::covers(Point p) const {
  if (hull.size() < 3) return false;
  for (std::size_t i = 0; i < hull.size(); ++i) {
    if (cross(hull[(i + 1) % hull.size()] - hull[i], p - hull[i]) < 0) return false;
  }
  return true;
}

}  // namespace whorl::matchers
