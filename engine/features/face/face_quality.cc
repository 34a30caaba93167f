#include "engine/features/face/face_quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/base/result.h"
#include "engine/features/face/face_alignment.h"

namespace whorl::features {
namespace {

// The face as it is judged: kSidePx wide and high, the eyes kEyesPx apart.
constexpr int kSidePx = 64;
constexpr float kEyesPx = 28;
constexpr float kEyeRowPx = 22, kNoseRowPx = 38, kMouthRowPx = 54.4F;
constexpr Landmarks kPlaces{{{18, kEyeRowPx},
                             {46, kEyeRowPx},
                             {32, kNoseRowPx},
                             {20.6F, kMouthRowPx},
                             {43.8F, kMouthRowPx}}};
// Of an average face, in eye distances: how far the nose's tip stands before the plane of eyes and
// mouth, and how far below the eyes it and the mouth lie (as in kPlaces).
constexpr float kNoseDepth = 0.52F;
constexpr float kNoseDrop = (kNoseRowPx - kEyeRowPx) / (kMouthRowPx - kEyeRowPx);
constexpr float kMouthDrop = (kMouthRowPx - kEyeRowPx) / kEyesPx;

float degrees(float radians) { return radians * 180 / std::numbers::pi_v<float>; }

PointPx middle(const PointPx& a, const PointPx& b) {
  return {(a.x_px + b.x_px) / 2, (a.y_px + b.y_px) / 2};
}

// Right eye to left eye is the face's own horizontal; the nose's tip leaves the line from between
// the eyes to between the mouth's corners as the face turns.
void judge_pose(const DetectedFace& face, FaceQuality& quality) {
  const PointPx &right = face.landmarks[right_eye], &left = face.landmarks[left_eye];
  const float across_x = (left.x_px - right.x_px) / quality.eye_distance_px;
  const float across_y = (left.y_px - right.y_px) / quality.eye_distance_px;
  quality.roll_degrees = degrees(std::atan2(across_y, across_x));
  const auto along = [&](const PointPx& from, const PointPx& to) {
    const float x = to.x_px - from.x_px, y = to.y_px - from.y_px;
    return PointPx{(x * across_x + y * across_y) / quality.eye_distance_px,
                   (y * across_x - x * across_y) / quality.eye_distance_px};
  };
  const PointPx eyes = middle(right, left);
  const PointPx mouth =
      along(eyes, middle(face.landmarks[right_mouth_corner], face.landmarks[left_mouth_corner]));
  const PointPx nose = along(eyes, face.landmarks[nose_tip]);
  const float drop = std::abs(mouth.y_px) > 0.1F ? nose.y_px / mouth.y_px : kNoseDrop;
  quality.yaw_degrees = degrees(std::atan((nose.x_px - mouth.x_px * drop) / kNoseDepth));
  quality.pitch_degrees = degrees(std::atan((drop - kNoseDrop) * kMouthDrop / kNoseDepth));
}

// Height by width of the opening (Soukupova and Cech, CVWW 2016).
float openness(const std::vector<PointPx>& outline, std::size_t first) {
  const auto apart = [&](std::size_t a, std::size_t b) {
    return std::hypot(outline[first + a].x_px - outline[first + b].x_px,
                      outline[first + a].y_px - outline[first + b].y_px);
  };
  return (apart(1, 5) + apart(2, 4)) / (2 * std::max(apart(0, 3), 1e-3F));
}

using Greys = std::array<float, std::size_t{kSidePx} * kSidePx>;

Greys greys_of(const Image& face) {
  Greys greys{};
  const auto channels = static_cast<std::size_t>(face.channels);
  for (std::size_t i = 0; i < greys.size(); ++i) {
    const std::uint8_t* s = &face.samples[i * channels];
    greys[i] = channels == 1
                   ? static_cast<float>(s[0])
                   : 0.299F * static_cast<float>(s[0]) + 0.587F * static_cast<float>(s[1]) +
                         0.114F * static_cast<float>(s[2]);
  }
  return greys;
}

void judge_light(const Image& face, FaceQuality& quality) {
  const Greys greys = greys_of(face);
  const auto count = static_cast<float>(greys.size());
  double sum = 0, squares = 0, left = 0, clipped = 0, taken = 0;
  for (std::size_t i = 0; i < greys.size(); ++i) {
    const float v = greys[i];
    sum += v, squares += v * v;
    if (i % kSidePx < kSidePx / 2) left += v;
    if (v < 4 || v > 251) ++clipped;
  }
  for (std::size_t y = 1; y + 1 < kSidePx; ++y) {
    for (std::size_t x = 1; x + 1 < kSidePx; ++x) {
      const std::size_t i = y * kSidePx + x;
      const float around =
          (greys[i - 1] + greys[i + 1] + greys[i - kSidePx] + greys[i + kSidePx]) / 4;
      taken += std::abs(greys[i] - around);
    }
  }
  quality.mean_grey = static_cast<float>(sum) / count;
  const double variance = squares / count - sum / count * (sum / count);
  quality.contrast_grey = static_cast<float>(std::sqrt(std::max(variance, 0.0)));
  quality.clipped_share = static_cast<float>(clipped) / count;
  quality.light_slant = sum > 0 ? static_cast<float>(std::abs(2 * left - sum) / sum) : 0;
  quality.sharpness = static_cast<float>(taken) / ((kSidePx - 2) * (kSidePx - 2)) /
                      std::max(quality.contrast_grey, 1.0F);
}

struct Greyness {
  float mean = 0, deviation = 0;
};
Greyness greyness_of(const Greys& greys, int left, int right, int top, int bottom) {
  double sum = 0, squares = 0;
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const double v = greys[static_cast<std::size_t>(y * kSidePx + x)];
      sum += v, squares += v * v;
    }
  }
  const double count = static_cast<double>(right - left) * (bottom - top), mean = sum / count;
  return {static_cast<float>(mean),
          static_cast<float>(std::sqrt(std::max(squares / count - mean * mean, 0.0)))};
}

// Dark glasses and a cap's shade make both eyes dark and leave nothing to be seen in them. The
// windows hold an eye with its brow's lower edge, and both cheeks with the nose.
void judge_eyes(const Image& face, FaceQuality& quality) {
  const Greys greys = greys_of(face);
  const Greyness right = greyness_of(greys, 11, 26, 17, 28);
  const Greyness left = greyness_of(greys, 38, 53, 17, 28);
  const Greyness cheeks = greyness_of(greys, 12, 52, 32, 44);
  quality.eyes_light = std::max(right.mean, left.mean) / std::max(cheeks.mean, 1.0F);
  quality.eyes_detail =
      std::max(right.deviation, left.deviation) / std::max(quality.contrast_grey, 1.0F);
}

float inside_share(const Image& picture, const BoxPx& box) {
  const float width = std::min(box.left_px + box.width_px, static_cast<float>(picture.width_px)) -
                      std::max(box.left_px, 0.0F);
  const float height = std::min(box.top_px + box.height_px, static_cast<float>(picture.height_px)) -
                       std::max(box.top_px, 0.0F);
  const float area = box.width_px * box.height_px;
  return area > 0 ? std::max(width, 0.0F) * std::max(height, 0.0F) / area : 0;
}

// In greys though the file has three channels: no pixel's channels differ by more than JPEG leaves.
bool is_grey(const Image& face) {
  if (face.channels == 1) return true;
  for (std::size_t i = 0; i < face.samples.size(); i += 3) {
    const auto [least, most] =
        std::minmax({face.samples[i], face.samples[i + 1], face.samples[i + 2]});
    if (most - least > 8) return false;
  }
  return true;
}

// 1 at `good` and beyond, 0 at `bad` and beyond.
float between(float value, float bad, float good) {
  return std::clamp((value - bad) / (good - bad), 0.0F, 1.0F);
}

// Each measure's share of what a comparison keeps: how far it may pull the score down, and over
// which range it does.
float score_of(const FaceQuality& q) {
  const auto down_to = [](float floor, float value) { return floor + (1 - floor) * value; };
  float score = q.clarity;
  score *= down_to(0.1F, between(q.eye_distance_px, 10, 30));
  score *= down_to(0.3F, between(std::abs(q.yaw_degrees), 60, 30));
  score *= down_to(0.5F, between(std::abs(q.pitch_degrees), 50, 25));
  score *= down_to(0.7F, between(std::abs(q.roll_degrees), 60, 15));
  score *= down_to(0.3F, between(q.sharpness, 0.02F, 0.06F));
  score *= down_to(0.4F, between(q.mean_grey, 20, 80));
  score *= down_to(0.5F, between(q.mean_grey, 245, 190));
  score *= down_to(0.5F, between(q.clipped_share, 0.4F, 0.05F));
  score *= down_to(0.3F, between(q.contrast_grey, 6, 20));
  score *= down_to(0.6F, between(q.light_slant, 0.6F, 0.25F));
  score *= down_to(0.2F, between(q.inside_share, 0.5F, 0.97F));
  if (q.eyes_open > 0) score *= down_to(0.8F, between(q.eyes_open, 0.08F, 0.2F));
  return score;
}

struct FlawText {
  std::string_view name, text;
};
constexpr std::array<FlawText, kFaceFlaws> kTexts{{
    {"several-faces", "Another face is nearly as large: have one person alone before the camera."},
    {"too-small", "The face has few pixels: come nearer or use a higher resolution."},
    {"turned", "The face is turned aside: look straight into the camera."},
    {"tilted", "The head is tilted: hold it upright."},
    {"nodding", "The head is raised or lowered: hold the chin level."},
    {"blurred", "The face is blurred: hold still, and focus the camera."},
    {"too-dark", "The face is too dark: add light from the front."},
    {"too-bright", "The face is too bright: lessen the light or the exposure."},
    {"flat", "The face has little contrast: look for haze on the lens, and light it better."},
    {"uneven-light", "One side of the face is much brighter: light it from the front."},
    {"eyes-closed", "The eyes seem closed: take the picture again with open eyes."},
    {"eyes-hidden", "The eyes are covered or in deep shade: take off dark glasses and hat."},
    {"cut-off", "The face runs over the picture's edge: have the whole head in the picture."},
    {"grey", "The picture has no colour: take it in colour where the register asks for it."},
}};
const FlawText& text_for(FaceFlaw flaw) { return kTexts.at(static_cast<std::size_t>(flaw)); }

std::vector<FaceFlaw> flaws_of(const FaceQuality& q, bool rival, bool without_colour) {
  std::vector<FaceFlaw> flaws;
  const auto note = [&](FaceFlaw flaw, bool present) {
    if (present) flaws.push_back(flaw);
  };
  note(FaceFlaw::several_faces, rival);
  note(FaceFlaw::cut_off, q.inside_share < 0.9F);
  note(FaceFlaw::blurred, q.sharpness < kBlurredSharpness);
  note(FaceFlaw::turned, std::abs(q.yaw_degrees) > kMostYawDegrees);
  note(FaceFlaw::nodding, std::abs(q.pitch_degrees) > kMostPitchDegrees);
  note(FaceFlaw::tilted, std::abs(q.roll_degrees) > kMostRollDegrees);
  note(FaceFlaw::too_dark, q.mean_grey < kDarkGrey);
  note(FaceFlaw::too_bright,
       q.mean_grey > kBrightGrey || (q.clipped_share > kMostClippedShare && q.mean_grey > 128));
  note(FaceFlaw::flat, q.contrast_grey < kFlatGrey);
  note(FaceFlaw::uneven_light, q.light_slant > kUnevenLight);
  note(FaceFlaw::eyes_closed, q.eyes_open > 0 && q.eyes_open < kClosedEyes);
  note(FaceFlaw::eyes_hidden, q.eyes_light < kHiddenEyesLight && q.eyes_detail < kHiddenEyesDetail);
  note(FaceFlaw::too_small, q.eye_distance_px < kSmallEyeDistancePx);
  note(FaceFlaw::grey, without_colour);
  return flaws;
}

}  // namespace

std::string_view name_of(FaceFlaw flaw) { return text_for(flaw).name; }
std::string_view text_of(FaceFlaw flaw) { return text_for(flaw).text; }

FaceQuality face_quality(const Image& picture, const std::vector<DetectedFace>& faces,
                         std::size_t main) {
  const DetectedFace& face = faces.at(main);
  FaceQuality quality;
  quality.clarity = face.clarity;
  quality.eye_distance_px = eye_distance_px(face);
  judge_pose(face, quality);
  const Image judged =
      warped(picture, similarity_between(face.landmarks, kPlaces), kSidePx, kSidePx);
  judge_light(judged, quality);
  judge_eyes(judged, quality);
  quality.inside_share = inside_share(picture, face.box);
  if (face.outline.size() == kOutlinePoints) {
    quality.eyes_open = std::min(openness(face.outline, 36), openness(face.outline, 42));
  }
  quality.score = {static_cast<std::uint8_t>(std::lround(100 * score_of(quality)))};
  quality.flaws = flaws_of(quality, has_rival(faces, main), is_grey(judged));
  return quality;
}

}  // namespace whorl::features
