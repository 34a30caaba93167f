#include "engine/features/fingerprint/skeleton_minutiae.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_lines.h"

namespace whorl::features {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr int kTracePx = 12, kShortestTracePx = 4;
// An ending is where the valleys around it meet (ISO/IEC 19794-2): a quarter of a period beyond the
// ridge's tip.
constexpr float kValleyForkPx = 2.25F;
constexpr float kEndingBorderPx = 8, kForkBorderPx = 6;
// The flow is smooth over a ridge period, the trace is not: the direction lies between them.
constexpr float kTraceShare = 0.7F;
constexpr float kTraceRules = kPi / 3;  // beyond this, the trace knows better than the flow
// Distances in pixels and turns within which two minutiae are one accident.
constexpr float kFacingPx = 10, kOppositePx = 7, kSamePx = 4, kCrowdPx = 16;
constexpr float kFacingTurn = 2 * kPi / 3, kAside = kPi / 4;
constexpr int kCrowd = 4;

float wrapped(float angle) { return std::remainder(angle, 2 * kPi); }

struct Way {
  float dx = 0, dy = 0;
  float angle() const { return std::atan2(dy, dx); }  // clockwise, as y points down
};

std::optional<Way> way_along(const Bitmap& skeleton, Pixel from, Pixel next) {
  const std::vector<Pixel> path = walk(skeleton, from, next, kTracePx);
  if (static_cast<int>(path.size()) < kShortestTracePx) return std::nullopt;
  return Way{static_cast<float>(path.back().x - from.x),
             static_cast<float>(path.back().y - from.y)};
}

// The middle of the two branches that are nearest to each other.
std::optional<float> valley_angle(const Bitmap& skeleton, Pixel at) {
  std::vector<float> angles;
  for (const Pixel& next : branches(skeleton, at)) {
    if (const auto way = way_along(skeleton, at, next)) angles.push_back(way->angle());
  }
  if (angles.size() < 3) return std::nullopt;
  float nearest = 2 * kPi, middle = 0;
  for (std::size_t i = 0; i < angles.size(); ++i) {
    for (std::size_t j = i + 1; j < angles.size(); ++j) {
      const float turn = wrapped(angles[j] - angles[i]);
      if (std::abs(turn) >= nearest) continue;
      nearest = std::abs(turn), middle = angles[i] + turn / 2;
    }
  }
  return middle;
}

std::optional<float> ridge_angle(const Bitmap& skeleton, Pixel at) {
  const std::vector<Pixel> next = branches(skeleton, at);
  if (next.size() != 1) return std::nullopt;
  const auto way = way_along(skeleton, at, next[0]);
  return way ? std::optional(way->angle()) : std::nullopt;
}

bool inside(const Mask& mask, const Field& picture, Pixel at, float reach_px) {
  for (int i = 0; i < 16; ++i) {
    const float angle = static_cast<float>(i) * kPi / 8;
    const int x = at.x + static_cast<int>(std::lround(reach_px * std::cos(angle)));
    const int y = at.y + static_cast<int>(std::lround(reach_px * std::sin(angle)));
    if (!picture.contains(x, y) || mask.at(x / kCellPx, y / kCellPx) == 0) return false;
  }
  return true;
}

// How far the crest lies to the side of (x, y), across a ridge that runs along `angle`: the
// parabola's top through three values a pixel apart.
float crest_offset(const Field& filtered, float x, float y, float angle) {
  const float nx = -std::sin(angle), ny = std::cos(angle);
  const float a = sample(filtered, 1, x - nx, y - ny), b = sample(filtered, 1, x, y),
              c = sample(filtered, 1, x + nx, y + ny);
  const float bend = a - 2 * b + c;
  return bend < 0 ? std::clamp(0.5F * (a - c) / bend, -1.0F, 1.0F) : 0;
}

// How far the ridge goes on beyond the end of its skeleton, which thinning has shortened, at
// `angle` away from it: until the filtered picture turns to valley.
float beyond_the_end(const Field& filtered, float x, float y, float angle) {
  constexpr float kStepPx = 0.5F, kMostPx = 12;
  float reach = 0;
  while (reach < kMostPx &&
         sample(filtered, 1, x + reach * std::cos(angle), y + reach * std::sin(angle)) > 0) {
    reach += kStepPx;
  }
  return reach;
}

std::optional<FoundMinutia> minutia_at(const RidgeEvidence& e, Pixel at, int crossing) {
  const bool ending = crossing == 1;
  if (!inside(e.mask, e.filtered, at, ending ? kEndingBorderPx : kForkBorderPx)) return {};
  const auto traced = ending ? ridge_angle(e.skeleton, at) : valley_angle(e.skeleton, at);
  if (!traced) return {};
  const auto fx = static_cast<float>(at.x), fy = static_cast<float>(at.y);
  const float cosine = sample(e.flow.cosine, kCellPx, fx, fy);
  const float sine = sample(e.flow.sine, kCellPx, fx, fy);
  float angle = 0.5F * std::atan2(sine, cosine);
  if (std::abs(wrapped(angle - *traced)) > kPi / 2) angle += kPi;
  const float turn = wrapped(*traced - angle);
  angle += std::abs(turn) > kTraceRules ? turn : kTraceShare * turn;
  const float offset = crest_offset(e.filtered, fx, fy, angle);
  float x = fx - offset * std::sin(angle), y = fy + offset * std::cos(angle);
  if (ending) {
    const float reach = kValleyForkPx + beyond_the_end(e.filtered, x, y, angle + kPi);
    x -= reach * std::cos(angle), y -= reach * std::sin(angle);
  }
  x = std::clamp(x, 0.0F, static_cast<float>(e.filtered.width() - 1));
  y = std::clamp(y, 0.0F, static_cast<float>(e.filtered.height() - 1));
  return FoundMinutia{x, y, -angle, ending ? MinutiaKind::ending : MinutiaKind::bifurcation,
                      sample(e.quality, kCellPx, fx, fy)};
}

float distance_squared(const FoundMinutia& a, const FoundMinutia& b) {
  const float dx = a.x_px - b.x_px, dy = a.y_px - b.y_px;
  return dx * dx + dy * dy;
}

// The two ends of one ridge that was cut: both look away from the gap, which lies on their axis.
bool face_each_other(const FoundMinutia& a, const FoundMinutia& b) {
  if (a.kind != MinutiaKind::ending || b.kind != MinutiaKind::ending) return false;
  const float gap = std::atan2(-(b.y_px - a.y_px), b.x_px - a.x_px);  // anticlockwise, from a to b
  return std::abs(wrapped(gap + kPi - a.direction_radians)) < kAside &&
         std::abs(wrapped(gap - b.direction_radians)) < kAside;
}

}  // namespace

std::vector<FoundMinutia> minutiae_of(const RidgeEvidence& evidence) {
  std::vector<FoundMinutia> found;
  const Bitmap& skeleton = evidence.skeleton;
  for (int y = 1; y + 1 < skeleton.height(); ++y) {
    for (int x = 1; x + 1 < skeleton.width(); ++x) {
      if (skeleton.at(x, y) == 0) continue;
      const int crossing = crossing_number(skeleton, {x, y});
      if (crossing != 1 && crossing < 3) continue;
      if (const auto minutia = minutia_at(evidence, {x, y}, crossing)) found.push_back(*minutia);
    }
  }
  return found;
}

std::vector<FoundMinutia> filtered_minutiae(std::vector<FoundMinutia> minutiae) {
  std::vector<bool> goes(minutiae.size());
  std::vector<int> near(minutiae.size());
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    for (std::size_t j = i + 1; j < minutiae.size(); ++j) {
      const FoundMinutia &a = minutiae[i], &b = minutiae[j];
      const float apart = distance_squared(a, b);
      if (apart > kCrowdPx * kCrowdPx) continue;
      ++near[i], ++near[j];
      const bool opposite =
          std::abs(wrapped(a.direction_radians - b.direction_radians)) > kFacingTurn;
      if (opposite && (apart < kOppositePx * kOppositePx ||
                       (apart < kFacingPx * kFacingPx && face_each_other(a, b)))) {
        goes[i] = goes[j] = true;
      } else if (apart < kSamePx * kSamePx) {
        goes[a.quality < b.quality ? i : j] = true;
      }
    }
  }
  std::vector<FoundMinutia> kept;
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    if (!goes[i] && near[i] < kCrowd) kept.push_back(minutiae[i]);
  }
  return kept;
}

}  // namespace whorl::features
