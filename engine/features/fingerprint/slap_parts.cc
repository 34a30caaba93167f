#include "engine/features/fingerprint/slap_parts.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace whorl::features {
namespace {

constexpr std::size_t kLeastPartCells = 240;  // 10 mm2
constexpr int kCreaseCells = 6;               // 1.2 mm: half of what a joint leaves white
constexpr double kLeastElongation = 1.12;     // length over width; tips have 1.3 to 1.6
constexpr float kLeanStep = 0.035F;           // 2 degrees
// How much clearer than an upright hand one at the largest lean must stand, and a finger at
// kFingerLeanRadians than one along its hand. Finger and phalanx together are clear by more within
// a few degrees; a tip alone is too round to say much, and keeps to the hand.
constexpr float kLeanPrice = 0.12F, kFingerLeanPrice = 0.15F;
constexpr float kFingerLeanRadians = 0.35F;  // 20 degrees
constexpr int kThinning = 5;                 // one point of so many decides as well as all

// What is wider than this whichever way it is seen is more than one finger, or a thumb pressed
// flat: as wide as it is long, so that its shape says nothing of how it lies.
constexpr float kMostPartCells = 24 * kCellsPerMm;
// Between wet fingers ridges break off, but by less than the ground's gaps: of a part's own median.
constexpr float kPartingShare = 0.35F;
constexpr int kPartingDisc = 3;  // cells
constexpr std::size_t kPartingPieces =
    6;  // a piece under one in so many of the whole does not count

SkinPart part_from(const Mask& mask, const Field& ridges, int x0, int y0, Mask& seen) {
  std::vector<std::pair<int, int>> cells{{x0, y0}};
  seen.at(x0, y0) = 1;
  SkinPart part;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto [x, y] = cells[i];
    part.push_back({static_cast<float>(x), static_cast<float>(y), ridges.at(x, y)});
    for (const auto& [nx, ny] :
         {std::pair{x + 1, y}, std::pair{x - 1, y}, std::pair{x, y + 1}, std::pair{x, y - 1}}) {
      if (!seen.contains(nx, ny) || seen.at(nx, ny) != 0 || mask.at(nx, ny) == 0) continue;
      seen.at(nx, ny) = 1;
      cells.emplace_back(nx, ny);
    }
  }
  return part;
}

std::vector<SkinPart> parts_of(const Mask& mask, const Field& ridges) {
  Mask seen(mask.width(), mask.height());
  std::vector<SkinPart> parts;
  for (int y = 0; y < seen.height(); ++y) {
    for (int x = 0; x < seen.width(); ++x) {
      if (mask.at(x, y) == 0 || seen.at(x, y) != 0) continue;
      SkinPart part = part_from(mask, ridges, x, y, seen);
      if (part.size() >= kLeastPartCells) parts.push_back(std::move(part));
    }
  }
  return parts;
}

bool is_wide(const SkinPart& part) {
  for (float lean = -kMostLeanRadians; lean <= kMostLeanRadians; lean += 5 * kLeanStep) {
    const Upright frame(0, 0, lean);
    float left = frame.turned(part.front()).x, right = left;
    for (const SkinPoint& p : part) {
      const float across = frame.turned(p).x;
      left = std::min(left, across), right = std::max(right, across);
    }
    if (right - left < kMostPartCells) return false;
  }
  return true;
}

// The same skin without the weak cells between its fingers; as it is where that leaves one piece.
std::vector<SkinPart> taken_apart(const SkinPart& part, const SlapGround& ground) {
  std::vector<float> ridges;
  ridges.reserve(part.size());
  for (const SkinPoint& p : part) ridges.push_back(p.ridges);
  const auto middle = ridges.begin() + static_cast<std::ptrdiff_t>(ridges.size() / 2);
  std::nth_element(ridges.begin(), middle, ridges.end());
  Mask mask(ground.mask.width(), ground.mask.height());
  for (const SkinPoint& p : part) {
    if (p.ridges > kPartingShare * *middle) {
      mask.at(static_cast<int>(p.x), static_cast<int>(p.y)) = 1;
    }
  }
  std::vector<SkinPart> pieces =
      parts_of(dilated(eroded(mask, kPartingDisc), kPartingDisc), ground.ridges);
  const auto large = [&](const SkinPart& piece) {
    return piece.size() * kPartingPieces > part.size();
  };
  if (std::count_if(pieces.begin(), pieces.end(), large) < 2) return {part};
  return pieces;
}

// Whether its shape says how it lies: narrower than a finger may be, and clearly longer than wide,
// along an axis that a finger may have. By its second moments.
bool tells_its_lean(const SkinPart& part) {
  double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  for (const SkinPoint& p : part) x += static_cast<double>(p.x), y += static_cast<double>(p.y);
  x /= static_cast<double>(part.size()), y /= static_cast<double>(part.size());
  for (const SkinPoint& p : part) {
    const double dx = static_cast<double>(p.x) - x, dy = static_cast<double>(p.y) - y;
    xx += dx * dx, xy += dx * dy, yy += dy * dy;
  }
  const double half = std::hypot((yy - xx) / 2, xy), mean = (xx + yy) / 2;
  const double lean = 0.5 * std::atan2(-2 * xy, yy - xx);
  return mean + half > kLeastElongation * kLeastElongation * (mean - half) &&
         std::abs(lean) <= static_cast<double>(kMostLeanRadians) && !is_wide(part);
}

// Skin seen along one direction, in columns of a cell's width: the sum of squares of what stands in
// each.
double squared_columns(const SkinPart& part, float lean) {
  const float cosine = std::cos(lean), sine = std::sin(lean);
  const auto column = [&](const SkinPoint& p) { return cosine * p.x + sine * p.y; };
  float first = column(part.front());
  for (std::size_t i = 0; i < part.size(); i += kThinning) first = std::min(first, column(part[i]));
  std::vector<float> counts;
  for (std::size_t i = 0; i < part.size(); i += kThinning) {
    const auto k = static_cast<std::size_t>(column(part[i]) - first);
    if (k >= counts.size()) counts.resize(k + 1);
    counts[k] += 1;
  }
  double sum = 0;
  for (const float c : counts) sum += static_cast<double>(c) * static_cast<double>(c);
  return sum;
}

// What says how the hand lies: fingers of several phalanges, which are parts no more than a joint's
// crease apart; where that brings neighbours together, their parts one by one.
std::vector<SkinPart> whole_fingers(const std::vector<SkinPart>& parts, const SlapGround& ground) {
  const Mask near = dilated(ground.mask, kCreaseCells);
  Mask seen(near.width(), near.height());
  Grid<int> group(near.width(), near.height(), -1);
  int groups = 0;
  for (const SkinPart& part : parts) {
    const int x = static_cast<int>(part.front().x), y = static_cast<int>(part.front().y);
    if (group.at(x, y) >= 0) continue;
    for (const SkinPoint& p : part_from(near, ground.ridges, x, y, seen)) {
      group.at(static_cast<int>(p.x), static_cast<int>(p.y)) = groups;
    }
    ++groups;
  }
  std::vector<SkinPart> whole(static_cast<std::size_t>(groups)), telling;
  const auto group_of = [&](const SkinPart& part) {
    return static_cast<std::size_t>(
        group.at(static_cast<int>(part.front().x), static_cast<int>(part.front().y)));
  };
  for (const SkinPart& part : parts) {
    SkinPart& all = whole[group_of(part)];
    all.insert(all.end(), part.begin(), part.end());
  }
  std::vector<bool> tells;
  for (const SkinPart& finger : whole) tells.push_back(tells_its_lean(finger));
  for (const SkinPart& part : parts) {
    if (!tells[group_of(part)] && tells_its_lean(part)) telling.push_back(part);
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (tells[i]) telling.push_back(std::move(whole[i]));
  }
  return telling;
}

}  // namespace

Upright::Upright(float origin_x, float origin_y, float lean_radians)
    : x(origin_x), y(origin_y), cosine(std::cos(lean_radians)), sine(std::sin(lean_radians)) {}

std::vector<SkinPart> parts_of(const SlapGround& ground) {
  std::vector<SkinPart> parts;
  for (SkinPart& part : parts_of(ground.mask, ground.ridges)) {
    if (!is_wide(part)) {
      parts.push_back(std::move(part));
      continue;
    }
    for (SkinPart& finger : taken_apart(part, ground)) parts.push_back(std::move(finger));
  }
  return parts;
}

float common_lean(const std::vector<SkinPart>& parts, const SlapGround& ground) {
  const std::vector<SkinPart> telling = whole_fingers(parts, ground);
  float best = 0;
  double best_score = 0;
  for (float lean = -kMostLeanRadians; lean <= kMostLeanRadians; lean += kLeanStep) {
    double squares = 0;
    for (const SkinPart& finger : telling) squares += squared_columns(finger, lean);
    const double score = squares * (1 - kLeanPrice * std::abs(lean) / kMostLeanRadians);
    if (score > best_score) best_score = score, best = lean;
  }
  return best;
}

float lean_near(const SkinPart& finger, float lean_radians) {
  if (!tells_its_lean(finger)) return lean_radians;
  float best = lean_radians;
  double best_score = 0;
  for (float turn = -kFingerLeanRadians; turn <= kFingerLeanRadians; turn += kLeanStep) {
    const float turned = std::abs(turn) / kFingerLeanRadians;
    const double score =
        squared_columns(finger, lean_radians + turn) * (1 - kFingerLeanPrice * turned);
    if (score > best_score) best_score = score, best = lean_radians + turn;
  }
  return best;
}

}  // namespace whorl::features
