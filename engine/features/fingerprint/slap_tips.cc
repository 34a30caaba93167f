#include "engine/features/fingerprint/slap_tips.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

namespace whorl::features {
namespace {

constexpr float kLeastWidth = 5 * kCellsPerMm, kMostWidth = 33 * kCellsPerMm;
constexpr float kLeastHeight = 7 * kCellsPerMm;
// Parts narrower than this are not cut off. Depth of a notch over the narrower of the two parts
// that it divides: tips side by side make 0.5 and more where they touch well below their ends, but
// a thumb pressed flat made 0.38 by itself.
constexpr float kLeastPart = 8 * kCellsPerMm;
constexpr float kDeepNotch = 0.5F, kShallowNotch = 0.1F;
constexpr float kSameColumn = 0.4F;  // of the narrower one's width: stands above the other
// Where the joint may be, in finger widths from the end, and where it is most often.
constexpr float kNearestCrease = 0.72F, kFarthestCrease = 2.2F;
constexpr float kUsualCrease = 1.25F, kCreaseLogSpread = 0.45F;
// Of the weaker side; how far beyond it the next phalanx is looked for, in widths, and the least
// there must be of it, of the tip's ridges.
constexpr float kCreaseDepth = 0.45F, kBeyondCrease = 0.6F, kLeastBeyond = 0.15F;
constexpr std::array<float, 5> kCreaseSlopes = {0, -0.12F, 0.12F, -0.25F, 0.25F};  // to 14 degrees
constexpr float kLongestWithoutCrease = 1.9F, kCutWithoutCrease = 1.5F;
constexpr float kShortestWithoutCrease = 1.3F;  // what is faint or punched out below is the tip's
constexpr float kSmallShare = 0.3F;  // of the median of the others' ridges: no tip of this hand
constexpr int kMostFingers = 4;      // where nobody said how many to expect
constexpr int kNotchSmoothing = 2;   // cells either side

// A part of skin in the hand's upright frame.
struct Blob {
  SkinPart points;
  float left = 0, right = 0, top = 0, bottom = 0;  // all but a fiftieth on each side
  float width() const { return right - left; }
  float height() const { return bottom - top; }
};

template <class Read>
std::pair<float, float> range_of(const SkinPart& points, float outside, Read read) {
  std::vector<float> values;
  values.reserve(points.size());
  for (const SkinPoint& p : points) values.push_back(read(p));
  const auto last = static_cast<float>(values.size() - 1);
  const auto value_at = [&](float share) {
    const auto rank = static_cast<std::ptrdiff_t>(share * last);
    std::nth_element(values.begin(), values.begin() + rank, values.end());
    return values[static_cast<std::size_t>(rank)];
  };
  const float low = value_at(outside);
  return {low, value_at(1 - outside)};
}

float across(const SkinPoint& p) { return p.x; }
float down(const SkinPoint& p) { return p.y; }

Blob blob_of(SkinPart points) {
  Blob blob;
  std::tie(blob.left, blob.right) = range_of(points, 0.02F, across);
  std::tie(blob.top, blob.bottom) = range_of(points, 0.02F, down);
  blob.points = std::move(points);
  return blob;
}

struct Notch {
  float strength = 0, x = 0;
};

// The highest point of each column, smoothed: y grows downwards.
std::vector<float> skyline(const Blob& blob, float first, std::size_t columns) {
  std::vector<float> line(columns, blob.bottom);
  for (const SkinPoint& p : blob.points) {
    float& top = line[static_cast<std::size_t>(std::lround(p.x - first))];
    top = std::min(top, p.y);
  }
  std::vector<float> smooth(columns);
  const int last = static_cast<int>(columns) - 1;
  for (int x = 0; x <= last; ++x) {
    float sum = 0;
    for (int i = -kNotchSmoothing; i <= kNotchSmoothing; ++i) {
      sum += line[static_cast<std::size_t>(std::clamp(x + i, 0, last))];
    }
    smooth[static_cast<std::size_t>(x)] = sum / (2 * kNotchSmoothing + 1);
  }
  return smooth;
}

Notch deepest_notch(const Blob& blob) {
  const auto [first, last] = range_of(blob.points, 0, across);
  const auto columns = static_cast<std::size_t>(std::lround(last - first)) + 1;
  const std::vector<float> line = skyline(blob, first, columns);
  std::vector<float> right_peak(line);
  for (std::size_t x = columns - 1; x-- > 0;) {
    right_peak[x] = std::min(right_peak[x], right_peak[x + 1]);
  }
  Notch best;
  float left_peak = line.front();
  for (std::size_t x = 0; x < columns; ++x) {
    left_peak = std::min(left_peak, line[x]);
    const auto here = static_cast<float>(x);
    const float narrower = std::min(here, static_cast<float>(columns - 1) - here);
    if (narrower < kLeastPart) continue;
    const float strength = (line[x] - std::max(left_peak, right_peak[x])) / narrower;
    if (strength > best.strength) best = {strength, first + here};
  }
  return best;
}

// Both sides of a notch; the right one is taken out of `blob`.
Blob split_at(Blob& blob, float x) {
  const auto middle = std::partition(blob.points.begin(), blob.points.end(),
                                     [&](const SkinPoint& p) { return p.x < x; });
  SkinPart right(middle, blob.points.end());
  blob.points.erase(middle, blob.points.end());
  blob = blob_of(std::move(blob.points));
  return blob_of(std::move(right));
}

void split_while_deep(std::vector<Blob>& blobs) {
  for (std::size_t i = 0; i < blobs.size();) {
    const Notch notch = deepest_notch(blobs[i]);
    if (notch.strength < kDeepNotch) {
      ++i;
    } else {
      blobs.push_back(split_at(blobs[i], notch.x));
    }
  }
}

bool stands_above(const Blob& a, const Blob& b) {
  const float shared = std::min(a.right, b.right) - std::max(a.left, b.left);
  return shared > kSameColumn * std::min(a.width(), b.width()) &&
         (a.top + a.bottom) / 2 < b.top + 0.2F * b.height() && a.bottom < b.bottom;
}
bool may_be_tip(const Blob& b) { return b.width() >= kLeastWidth && b.height() >= kLeastHeight; }

bool is_tip(const Blob& b, const std::vector<Blob>& blobs) {
  return may_be_tip(b) && std::none_of(blobs.begin(), blobs.end(), [&](const Blob& other) {
           return &other != &b && may_be_tip(other) && stands_above(other, b);
         });
}

// The finger from its end down, in a frame in which it points up.
struct Look {
  const SlapGround& ground;
  const Upright& frame;
  float middle, width, top;

  // Ridges across it `v` cells below its end, along a line that falls by `slope` to the right: what
  // a quarter of the line exceeds. A crease crosses the whole finger; a punched hole or a scar
  // leaves ridges beside it.
  float ridges_across(float v, float slope) const {
    std::array<float, 64> line{};
    std::size_t count = 0;
    const float step = std::max(2.0F, 0.8F * width / 60);
    for (float u = -0.4F * width; u <= 0.4F * width; u += step, ++count) {
      const SkinPoint p = frame.back(middle + u, top + v + slope * u);
      const int x = static_cast<int>(std::lround(p.x)), y = static_cast<int>(std::lround(p.y));
      line[count] = ground.ridges.contains(x, y) ? ground.ridges.at(x, y) : 0;
    }
    const auto rank = line.begin() + static_cast<std::ptrdiff_t>(count * 3 / 4);
    std::nth_element(line.begin(), rank, line.begin() + static_cast<std::ptrdiff_t>(count));
    return *rank;
  }
};

struct Crease {
  float likely = 0;  // 0 .. 1
  float down = 0;    // cells from the finger's end
};

// The clearest valley of a profile down the finger.
Crease crease_in(const std::vector<float>& profile, float width) {
  const auto beyond = static_cast<std::size_t>(kBeyondCrease * width);
  const auto at = [&](std::size_t v) {
    return profile.begin() + static_cast<std::ptrdiff_t>(std::min(v, profile.size()));
  };
  Crease best;
  const auto end = static_cast<std::size_t>(kFarthestCrease * width);
  for (auto v = static_cast<std::size_t>(kNearestCrease * width); v < end; ++v) {
    const float above = std::max(1e-6F, *std::max_element(profile.begin(), at(v + 1)));
    const float below = *std::max_element(at(v), at(v + 1 + beyond));
    if (below < kLeastBeyond * above) continue;
    const float depth = 1 - profile[v] / std::min(above, below);
    const float off = std::log(static_cast<float>(v) / (kUsualCrease * width)) / kCreaseLogSpread;
    const float likely = depth * std::exp(-0.5F * off * off);
    if (depth > kCreaseDepth && likely > best.likely) best = {likely, static_cast<float>(v)};
  }
  return best;
}

// Cells from the finger's end down to its first joint; 0 where no crease is clear. Creases do not
// cross a finger squarely, so several slopes are tried.
float crease_below(const Look& look) {
  Crease best;
  std::vector<float> profile;
  for (const float slope : kCreaseSlopes) {
    profile.clear();
    for (float v = 0; v < (kFarthestCrease + kBeyondCrease) * look.width; v += 1) {
      profile.push_back(look.ridges_across(v, slope));
    }
    const Crease crease = crease_in(profile, look.width);
    if (crease.likely > best.likely) best = crease;
  }
  return best.down;
}

// The widest stretch of five rows.
float width_of(const SkinPart& points, float top) {
  std::vector<float> rows(static_cast<std::size_t>(2 * kMostWidth) + 5);
  for (const SkinPoint& p : points) {
    const long row = std::lround(p.y - top);
    if (row >= 0 && row < static_cast<long>(rows.size())) rows[static_cast<std::size_t>(row)] += 1;
  }
  float widest = 0;
  for (std::size_t i = 0; i + 5 <= rows.size(); ++i) {
    widest =
        std::max(widest, (rows[i] + rows[i + 1] + rows[i + 2] + rows[i + 3] + rows[i + 4]) / 5);
  }
  return widest;
}

SkinPart turned_back(const SkinPart& points, const Upright& frame) {
  SkinPart out(points);
  for (SkinPoint& p : out) {
    const float ridges = p.ridges;
    p = frame.back(p.x, p.y);
    p.ridges = ridges;
  }
  return out;
}

// The tip at the upper end of `blob`, with what else is of its finger for the direction.
Fingertip tip_of(const SlapGround& ground, const Blob& blob, const std::vector<Blob>& blobs,
                 const Upright& hand, float hand_lean) {
  SkinPart skin = turned_back(blob.points, hand), finger = skin;
  float next_phalanx = blob.top + kMostWidth * kFarthestCrease;
  for (const Blob& other : blobs) {
    if (&other == &blob || !stands_above(blob, other)) continue;
    next_phalanx = std::min(next_phalanx, other.top);
    const SkinPart more = turned_back(other.points, hand);
    finger.insert(finger.end(), more.begin(), more.end());
  }
  Fingertip tip;
  tip.lean_radians = lean_near(finger, hand_lean);
  const Upright frame(hand.x, hand.y, tip.lean_radians);
  for (SkinPoint& p : skin) p = frame.turned(p);
  const auto [top, bottom] = range_of(skin, 0.003F, down);
  const float width = width_of(skin, top);
  std::erase_if(skin,
                [&, t = top](const SkinPoint& p) { return p.y > t + kFarthestCrease * width; });
  auto [left, right] = range_of(skin, 0.01F, across);
  float height = std::min(bottom - top, kFarthestCrease * width);
  const float crease = crease_below({ground, frame, (left + right) / 2, width, top});
  if (crease > 0 && crease < height) {
    height = crease;
  } else if (height > kLongestWithoutCrease * width) {
    height = kCutWithoutCrease * width;
  } else {
    height = std::max(height, std::min(kShortestWithoutCrease * width, next_phalanx - top));
  }
  std::erase_if(skin, [&, t = top](const SkinPoint& p) { return p.y > t + height; });
  std::tie(left, right) = range_of(skin, 0.01F, across);
  for (const SkinPoint& p : skin) tip.ridges += p.ridges;
  tip.width = right - left, tip.height = height;
  const SkinPoint middle = frame.back((left + right) / 2, top + height / 2);
  tip.x = middle.x, tip.y = middle.y;
  return tip;
}

// What is neither a fingertip's size nor near the others' in ridges goes.
void drop_specks(std::vector<Fingertip>& tips, int expected) {
  std::erase_if(tips, [](const Fingertip& t) {
    return t.width < kLeastWidth || t.width > kMostWidth || t.height < kLeastHeight;
  });
  const auto keep = static_cast<std::size_t>(expected > 0 ? expected : kMostFingers);
  if (tips.size() <= keep) return;
  std::vector<float> ridges;
  for (const Fingertip& t : tips) ridges.push_back(t.ridges);
  std::sort(ridges.begin(), ridges.end(), std::greater<>());
  const float least = kSmallShare * ridges[keep / 2];
  std::erase_if(tips,
                [&](const Fingertip& t) { return t.ridges < least && t.ridges <= ridges[keep]; });
}

std::vector<Fingertip> tips_among(const SlapGround& ground, const std::vector<Blob>& blobs,
                                  const Upright& hand, float lean, int expected) {
  std::vector<Fingertip> tips;
  for (const Blob& blob : blobs) {
    if (is_tip(blob, blobs)) tips.push_back(tip_of(ground, blob, blobs, hand, lean));
  }
  drop_specks(tips, expected);
  return tips;
}

}  // namespace

HandTips fingertips_of(const SlapGround& ground, int expected) {
  const std::vector<SkinPart> parts = parts_of(ground);
  HandTips found;
  found.lean_radians = common_lean(parts, ground);
  const Upright hand(static_cast<float>(ground.mask.width()) / 2,
                     static_cast<float>(ground.mask.height()) / 2, found.lean_radians);
  std::vector<Blob> blobs;
  for (SkinPart part : parts) {
    for (SkinPoint& p : part) p = hand.turned(p);
    blobs.push_back(blob_of(std::move(part)));
  }
  split_while_deep(blobs);
  found.tips = tips_among(ground, blobs, hand, found.lean_radians, expected);
  while (static_cast<int>(found.tips.size()) < expected) {
    Notch best;
    std::size_t where = 0;
    for (std::size_t i = 0; i < blobs.size(); ++i) {
      const Notch notch = is_tip(blobs[i], blobs) ? deepest_notch(blobs[i]) : Notch{};
      if (notch.strength > best.strength) best = notch, where = i;
    }
    if (best.strength < kShallowNotch) break;
    blobs.push_back(split_at(blobs[where], best.x));
    found.tips = tips_among(ground, blobs, hand, found.lean_radians, expected);
  }
  std::sort(found.tips.begin(), found.tips.end(), [&](const Fingertip& a, const Fingertip& b) {
    return hand.turned({a.x, a.y, 0}).x < hand.turned({b.x, b.y, 0}).x;
  });
  return found;
}

}  // namespace whorl::features
