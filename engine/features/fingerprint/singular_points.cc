#include "engine/features/fingerprint/singular_points.h"

#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kSmoothPx = 9;
constexpr float kSamePointPx = 20;  // two cores of a whorl are further apart

constexpr std::array<std::pair<int, int>, 16> kRing = {{{3, 0},
                                                        {3, 1},
                                                        {2, 2},
                                                        {1, 3},
                                                        {0, 3},
                                                        {-1, 3},
                                                        {-2, 2},
                                                        {-3, 1},
                                                        {-3, 0},
                                                        {-3, -1},
                                                        {-2, -2},
                                                        {-1, -3},
                                                        {0, -3},
                                                        {1, -3},
                                                        {2, -2},
                                                        {3, -1}}};

// How often the double angle turns on the way around a cell: 1 at a core, -1 at a delta. Nothing
// where the ring leaves the mask.
std::optional<int> index_at(const Field& angles, const Mask& mask, int x, int y) {
  float sum = 0;
  std::optional<float> before;
  for (std::size_t i = 0; i <= kRing.size(); ++i) {
    const auto [dx, dy] = kRing[i % kRing.size()];
    if (!mask.contains(x + dx, y + dy) || mask.at(x + dx, y + dy) == 0) return std::nullopt;
    const float angle = angles.at(x + dx, y + dy);
    if (before) {
      const float turn = angle - *before;
      sum += turn > kPi ? turn - 2 * kPi : turn < -kPi ? turn + 2 * kPi : turn;
    }
    before = angle;
  }
  return static_cast<int>(std::lround(sum / (2 * kPi)));
}

// Cells around one singular point all have its index: their middle is the point.
struct Cluster {
  SingularPoint point;
  int cells = 1;
  bool takes(const SingularPoint& p) const {
    const float dx = p.x_px - point.x_px, dy = p.y_px - point.y_px;
    return p.kind == point.kind && dx * dx + dy * dy < kSamePointPx * kSamePointPx;
  }
  void take(const SingularPoint& p) {
    ++cells;
    point.x_px += (p.x_px - point.x_px) / static_cast<float>(cells);
    point.y_px += (p.y_px - point.y_px) / static_cast<float>(cells);
  }
};

}  // namespace

std::vector<SingularPoint> singular_points_of(const Flow& flow, const Mask& mask) {
  constexpr float kSigma = kSmoothPx / kCellPx;
  Field angles = blurred(flow.cosine, kSigma);
  const Field sine = blurred(flow.sine, kSigma);
  for (std::ptrdiff_t i = 0; i < angles.size(); ++i) {
    float& a = angles.cells().data()[i];
    a = std::atan2(sine.cells().data()[i], a);
  }
  std::vector<Cluster> clusters;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      const auto index = index_at(angles, mask, x, y);
      if (!index || *index == 0) continue;
      const SingularPoint here{(static_cast<float>(x) + 0.5F) * kCellPx - 0.5F,
                               (static_cast<float>(y) + 0.5F) * kCellPx - 0.5F,
                               *index > 0 ? SingularKind::core : SingularKind::delta};
      bool taken = false;
      for (Cluster& cluster : clusters) {
        if (taken || !cluster.takes(here)) continue;
        cluster.take(here), taken = true;
      }
      if (!taken) clusters.push_back({here});
    }
  }
  std::vector<SingularPoint> points;
  for (const Cluster& cluster : clusters) points.push_back(cluster.point);
  return points;
}

}  // namespace whorl::features
