#include "engine/features/fingerprint/slap.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "engine/features/fingerprint/slap_cut.h"
#include "engine/features/fingerprint/slap_tips.h"

namespace whorl::features {
namespace {

using formats::CapturedArea;
using formats::FingerImage;
using formats::FingerSegment;

constexpr float kMarginMm = 1;  // the ground's edge lies inside the print's by about as much
constexpr double kSlapWidthMm = 45;
// Segments of a record that can be a finger's: sides, and how much of the smaller another may
// cover.
constexpr double kLeastSegmentMm = 5, kMostSegmentMm = 60;
constexpr double kMostOverlap = 0.5;
// How a hand is told from four tips, as log odds. A right hand's last tip is its lowest and
// smallest, a left one's its first; the middle finger is the third or second. A tip width of height
// between index and little finger counts kHeightOdds, one between the middle fingers kMiddleOdds, a
// doubling of area 0.7 kSizeOdds. Set by hand: the slaps at hand are eight, of which one hand lay
// so that its index ended lower than its little finger.
constexpr float kHeightOdds = 2.5F, kMiddleOdds = 1, kSizeOdds = 2;

bool holds(std::span<const FingerPosition> all, FingerPosition one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

LeaningBox box_of(const Fingertip& tip, float cell_px) {
  const float margin = 2 * kMarginMm * kCellsPerMm;
  LeaningBox box;  // a cell's middle is half a cell from its edge
  box.centre_x_px = (tip.x + 0.5F) * cell_px, box.centre_y_px = (tip.y + 0.5F) * cell_px;
  box.width_px = (tip.width + margin) * cell_px, box.height_px = (tip.height + margin) * cell_px;
  box.lean_degrees = tip.lean_radians * (180 / std::numbers::pi_v<float>);
  return box;
}

// The chance that four tips are a right hand's.
float right_hand_chance(const HandTips& hand) {
  const Upright frame(0, 0, hand.lean_radians);
  float width = 0;
  std::vector<float> ends;  // how far down each tip's end lies
  for (const Fingertip& tip : hand.tips) {
    width += 0.25F * tip.width;
    ends.push_back(frame.turned({tip.x, tip.y, 0}).y - tip.height / 2);
  }
  const auto area = [](const Fingertip& t) { return t.width * t.height; };
  const float height = (ends[3] - ends[0]) / width;
  const float middle = std::clamp((ends[2] - ends[1]) / width, -1.0F, 1.0F);
  const float size = std::log(area(hand.tips[0]) / area(hand.tips[3]));
  const float odds =
      kHeightOdds * height + kMiddleOdds * middle + kSizeOdds * std::clamp(size, -0.5F, 0.5F);
  return 1 / (1 + std::exp(-odds));
}

struct Named {
  std::vector<FingerPosition> positions;  // one a tip
  float confidence = 0;
};

Named named_by_shape(const HandTips& hand, std::span<const FingerPosition> missing) {
  Named named{std::vector<FingerPosition>(hand.tips.size(), FingerPosition::unknown), 0};
  if (hand.tips.size() != 4 || !missing.empty()) return named;
  const float right = right_hand_chance(hand);
  named.confidence = std::max(right, 1 - right);
  if (named.confidence >= kLeastHandConfidence) {
    named.positions = fingers_shown(right > 0.5F ? CapturedArea::plain_right_four
                                                 : CapturedArea::plain_left_four);
  }
  return named;
}

std::vector<FingerPosition> expected_of(CapturedArea area,
                                        std::span<const FingerPosition> missing) {
  std::vector<FingerPosition> fingers = fingers_shown(area);
  std::erase_if(fingers, [&](FingerPosition f) { return holds(missing, f); });
  return fingers;
}

std::string counted(std::size_t found, std::size_t expected) {
  return std::to_string(found) + " fingertips found, " + std::to_string(expected) + " expected";
}

double mm_per_pixel(const Image& image) { return 25.4 / image.ppi->value(); }

bool of_a_fingers_size(const FingerSegment& s, double mm) {
  const double width = (s.right_px - s.left_px) * mm, height = (s.bottom_px - s.top_px) * mm;
  return std::min(width, height) >= kLeastSegmentMm && std::max(width, height) <= kMostSegmentMm;
}

double shared_part(const FingerSegment& a, const FingerSegment& b) {
  const auto area = [](int width, int height) {
    return static_cast<double>(std::max(0, width)) * std::max(0, height);
  };
  const double both = area(std::min(a.right_px, b.right_px) - std::max(a.left_px, b.left_px),
                           std::min(a.bottom_px, b.bottom_px) - std::max(a.top_px, b.top_px));
  return both / std::min(area(a.right_px - a.left_px, a.bottom_px - a.top_px),
                         area(b.right_px - b.left_px, b.bottom_px - b.top_px));
}

// Each finger that should be there once, and each where a finger can be.
bool sane(const FingerImage& finger) {
  const std::vector<FingerPosition> expected = expected_of(finger.area, finger.missing);
  if (expected.empty() || finger.segments.size() != expected.size()) return false;
  const double mm = finger.image.ppi ? mm_per_pixel(finger.image) : 25.4 / 500;
  for (std::size_t i = 0; i < finger.segments.size(); ++i) {
    const FingerSegment& segment = finger.segments[i];
    if (!holds(expected, segment.position) || !of_a_fingers_size(segment, mm)) return false;
    for (std::size_t j = 0; j < i; ++j) {
      const FingerSegment& other = finger.segments[j];
      if (other.position == segment.position) return false;
      if (shared_part(other, segment) > kMostOverlap) return false;
    }
  }
  return true;
}

std::vector<SlapFinger> cut_by_record(const FingerImage& finger) {
  std::vector<FingerSegment> segments = finger.segments;
  std::sort(segments.begin(), segments.end(), [](const FingerSegment& a, const FingerSegment& b) {
    return a.left_px + a.right_px < b.left_px + b.right_px;
  });
  std::vector<SlapFinger> fingers;
  for (const FingerSegment& s : segments) {
    SlapFinger out{s.position, 1, {}, {}};
    out.box = {static_cast<float>(s.left_px + s.right_px) / 2,
               static_cast<float>(s.top_px + s.bottom_px) / 2,
               static_cast<float>(s.right_px - s.left_px),
               static_cast<float>(s.bottom_px - s.top_px), 0};
    out.image = cut_out(finger.image, out.box);
    fingers.push_back(std::move(out));
  }
  return fingers;
}

std::vector<SlapFinger> the_whole(const FingerImage& finger) {
  SlapFinger out;
  out.position = formats::finger_of(finger.area);
  out.position_confidence = out.position == FingerPosition::unknown ? 0.0F : 1.0F;
  const auto width = static_cast<float>(finger.image.width_px),
             height = static_cast<float>(finger.image.height_px);
  out.box = {width / 2, height / 2, width, height, 0};
  out.image = finger.image;
  std::vector<SlapFinger> fingers;
  fingers.push_back(std::move(out));
  return fingers;
}

bool may_be_slap(const FingerImage& finger) {
  return finger.area == CapturedArea::unknown && finger.image.ppi &&
         finger.image.ppi->value() > 0 &&
         finger.image.width_px * mm_per_pixel(finger.image) > kSlapWidthMm;
}

}  // namespace

std::vector<FingerPosition> fingers_shown(CapturedArea area) {
  using enum FingerPosition;
  switch (area) {
    case CapturedArea::plain_right_four:
      return {right_index, right_middle, right_ring, right_little};
    case CapturedArea::plain_left_four:
      return {left_little, left_ring, left_middle, left_index};
    case CapturedArea::plain_thumbs:
      return {left_thumb, right_thumb};
    case CapturedArea::right_index_middle:
      return {right_index, right_middle};
    case CapturedArea::right_middle_ring:
      return {right_middle, right_ring};
    case CapturedArea::right_ring_little:
      return {right_ring, right_little};
    case CapturedArea::left_index_middle:
      return {left_middle, left_index};
    case CapturedArea::left_middle_ring:
      return {left_ring, left_middle};
    case CapturedArea::left_ring_little:
      return {left_little, left_ring};
    case CapturedArea::both_indexes:
      return {left_index, right_index};
    case CapturedArea::right_index_middle_ring:
      return {right_index, right_middle, right_ring};
    case CapturedArea::right_middle_ring_little:
      return {right_middle, right_ring, right_little};
    case CapturedArea::left_index_middle_ring:
      return {left_ring, left_middle, left_index};
    case CapturedArea::left_middle_ring_little:
      return {left_little, left_ring, left_middle};
    default: {
      const FingerPosition one = formats::finger_of(area);
      return one == unknown ? std::vector<FingerPosition>{} : std::vector<FingerPosition>{one};
    }
  }
}

Result<std::vector<SlapFinger>> segment_slap(const Image& image, CapturedArea area,
                                             std::span<const FingerPosition> missing) {
  if (!image.ppi) return fail(Fault::bad_resolution);
  const bool told = area != CapturedArea::unknown;
  const std::vector<FingerPosition> expected = expected_of(area, missing);
  WHORL_TRY(const SlapGround ground, slap_ground(image, *image.ppi));
  HandTips hand = fingertips_of(ground, static_cast<int>(expected.size()));
  if (area == CapturedArea::plain_thumbs || area == CapturedArea::both_indexes) {
    // Two hands do not turn as one: left is left in the picture.
    std::sort(hand.tips.begin(), hand.tips.end(),
              [](const Fingertip& a, const Fingertip& b) { return a.x < b.x; });
  }
  const bool fits = told ? hand.tips.size() == expected.size() : true;
  if (hand.tips.empty() || !fits) {
    return fail(Fault::quality_too_low, 0,
                told ? counted(hand.tips.size(), expected.size()) : "no fingertips found");
  }
  const Named named = told ? Named{expected, 1} : named_by_shape(hand, missing);
  std::vector<SlapFinger> fingers;
  for (std::size_t i = 0; i < hand.tips.size(); ++i) {
    SlapFinger finger{
        named.positions[i], named.confidence, box_of(hand.tips[i], ground.cell_px), {}};
    finger.image = cut_out(image, finger.box);
    fingers.push_back(std::move(finger));
  }
  return fingers;
}

Result<std::vector<SlapFinger>> fingers_in(const FingerImage& finger) {
  if (shows_several_fingers(finger.area)) {
    if (sane(finger)) return cut_by_record(finger);
    return segment_slap(finger.image, finger.area, finger.missing);
  }
  if (may_be_slap(finger)) {
    auto fingers = segment_slap(finger.image, finger.area, finger.missing);
    if (fingers && fingers->size() >= 2 && fingers->size() <= 4) return fingers;
  }
  return the_whole(finger);
}

}  // namespace whorl::features
