#include "engine/features/fingerprint/ridge_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace whorl::features {
namespace {

constexpr int kMostSectors = 8;
// A tenth of the local contrast (ridge_image.h): a ripple that stays below it is no ridge, nor a
// valley.
constexpr float kRipple = 0.1F;
constexpr float kStepPx = 0.5F;
// How far an ending may lie from its ridge: skeleton_minutiae.cc moves it by no more.
constexpr float kToItsRidgePx = 15;

struct Place {
  float x = 0, y = 0;
};

float at(const Field& filtered, Place p) { return sample(filtered, 1, p.x, p.y); }

Place place_on_its_ridge(const Minutia& m, const Field& filtered) {
  const Place here{static_cast<float>(m.x_px), static_cast<float>(m.y_px)};
  if (m.kind != MinutiaKind::ending) return here;
  const float angle = static_cast<float>(m.direction.steps()) *
                      (2 * std::numbers::pi_v<float> / Direction::kStepsPerTurn);
  for (float reach = 0; reach <= kToItsRidgePx; reach += kStepPx) {
    const Place there{here.x + reach * std::cos(angle), here.y - reach * std::sin(angle)};
    if (at(filtered, there) > kRipple) return there;
  }
  return here;
}

// Ridges that begin and end between the two places.
int ridges_on_the_way(const Field& filtered, Place a, Place b) {
  const float dx = b.x - a.x, dy = b.y - a.y;
  const int steps = static_cast<int>(std::ceil(std::hypot(dx, dy) / kStepPx));
  bool on_ridge = at(filtered, a) > 0, began_here = true;
  int ridges = 0;
  for (int i = 1; i <= steps; ++i) {
    const float share = static_cast<float>(i) / static_cast<float>(steps);
    const float value = at(filtered, {a.x + share * dx, a.y + share * dy});
    if (on_ridge ? value > -kRipple : value < kRipple) continue;
    on_ridge = !on_ridge;
    if (!on_ridge && !began_here) ++ridges;
    began_here = false;
  }
  return ridges;
}

// In which sector of `from` the other lies; its own direction where both are at one place.
int sector_of(const Minutia& from, const Minutia& to, int sectors) {
  const double dx = to.x_px - from.x_px, up = from.y_px - to.y_px;
  if (dx == 0 && up == 0) return 0;
  const double turns = std::atan2(up, dx) / (2 * std::numbers::pi) -
                       static_cast<double>(from.direction.steps()) / Direction::kStepsPerTurn;
  const int sector = static_cast<int>(std::floor(turns * sectors + 0.5));
  return ((sector % sectors) + sectors) % sectors;
}

using Neighbours = std::array<std::optional<std::size_t>, kMostSectors>;

Neighbours neighbours_of(const std::vector<Minutia>& minutiae, std::size_t from, int sectors) {
  Neighbours nearest;
  std::array<std::int64_t, kMostSectors> distance{};
  distance.fill(std::numeric_limits<std::int64_t>::max());
  for (std::size_t to = 0; to < minutiae.size(); ++to) {
    if (to == from) continue;
    const std::int64_t dx = minutiae[to].x_px - minutiae[from].x_px;
    const std::int64_t dy = minutiae[to].y_px - minutiae[from].y_px;
    const auto s = static_cast<std::size_t>(sector_of(minutiae[from], minutiae[to], sectors));
    if (dx * dx + dy * dy >= distance[s]) continue;
    distance[s] = dx * dx + dy * dy;
    nearest[s] = to;
  }
  return nearest;
}

}  // namespace

std::vector<RidgesBetween> ridge_counts_of(const std::vector<Minutia>& minutiae,
                                           const Field& filtered, Sectors sectors) {
  std::vector<Place> places;
  for (const Minutia& m : minutiae) places.push_back(place_on_its_ridge(m, filtered));
  const int count = static_cast<int>(sectors);
  std::vector<RidgesBetween> all;
  for (std::size_t from = 0; from < minutiae.size(); ++from) {
    const Neighbours neighbours = neighbours_of(minutiae, from, count);
    for (std::size_t s = 0; s < static_cast<std::size_t>(count); ++s) {
      RidgesBetween& between = all.emplace_back(RidgesBetween{from, neighbours[s], 0});
      if (!between.to) continue;
      // One way for both, or rounding might count a ridge that is only brushed on one of them.
      const auto [first, second] = std::minmax(from, *between.to);
      between.ridges = ridges_on_the_way(filtered, places[first], places[second]);
    }
  }
  return all;
}

}  // namespace whorl::features
