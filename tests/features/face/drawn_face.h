#pragma once
// A face drawn where its landmarks are known: skin with grain, hair, eyes, a mouth.

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/image.h"
#include "engine/base/random.h"
#include "engine/features/face/face.h"
#include "engine/features/face/face_alignment.h"

namespace whorl::testing {

// Proportions of face_quality.cc's average face, the eyes 80 px apart.
inline constexpr features::Landmarks kDrawnLandmarks{
    {{110, 140}, {190, 140}, {150, 185.7F}, {116.9F, 232.6F}, {183.1F, 232.6F}}};
inline constexpr int kDrawnWidthPx = 300, kDrawnHeightPx = 340;

struct DrawnFace {
  Image picture;
  features::DetectedFace face;
};

// Grey of the face's own place, before grain.
inline float drawn_grey(features::PointPx p) {
  const auto inside = [&](float x, float y, float width, float height) {
    return std::hypot((p.x_px - x) / width, (p.y_px - y) / height) < 1;
  };
  if (inside(110, 140, 14, 7) || inside(190, 140, 14, 7)) return 50;
  if (inside(110, 120, 22, 5) || inside(190, 120, 22, 5)) return 70;
  if (inside(150, 232.6F, 34, 9)) return 110;
  if (inside(150, 185.7F, 10, 5)) return 120;
  return inside(150, 170, 95, 130) ? 170 : 80;
}

// Moved by `motion`, eyelids `open` of their width apart.
inline DrawnFace drawn_face(const features::Similarity2d& motion = {}, float open = 0.3F,
                            std::uint64_t seed = 1) {
  DrawnFace drawn;
  drawn.picture = {kDrawnWidthPx, kDrawnHeightPx, 3, std::nullopt, {}};
  SeededRandom random(seed);
  constexpr int kGrainPx = 4;
  std::vector<float> grain(std::size_t{kDrawnWidthPx} * kDrawnHeightPx / kGrainPx);
  for (float& g : grain) g = static_cast<float>(random.normal(0, 14));
  const features::Similarity2d back = motion.inverse();
  for (int y = 0; y < kDrawnHeightPx; ++y) {
    for (int x = 0; x < kDrawnWidthPx; ++x) {
      const float grey =
          drawn_grey(back({static_cast<float>(x), static_cast<float>(y)})) +
          grain[static_cast<std::size_t>(y / kGrainPx * (kDrawnWidthPx / kGrainPx) + x / kGrainPx)];
      for (const float tint : {25.0F, 0.0F, -20.0F}) {
        drawn.picture.samples.push_back(
            static_cast<std::uint8_t>(std::clamp(grey + tint, 0.0F, 255.0F)));
      }
    }
  }
  for (std::size_t i = 0; i < kDrawnLandmarks.size(); ++i) {
    drawn.face.landmarks[i] = motion(kDrawnLandmarks[i]);
  }
  const features::PointPx middle = motion({150, 180});
  const float side = 180 * motion.scale();
  drawn.face.box = {middle.x_px - side / 2, middle.y_px - side / 2, side, side};
  drawn.face.outline.resize(features::kOutlinePoints);
  for (const std::size_t first : {std::size_t{36}, std::size_t{42}}) {
    const float x = first == 36 ? 95 : 175, y = 140, h = open * 15;
    const features::PointPx round[] = {{x, y},      {x + 10, y - h}, {x + 20, y - h},
                                       {x + 30, y}, {x + 20, y + h}, {x + 10, y + h}};
    std::copy(std::begin(round), std::end(round),
              drawn.face.outline.begin() + static_cast<long>(first));
  }
  return drawn;
}

// `change` of sample and place.
inline void repaint(Image& picture, const std::function<float(float, int, int)>& change) {
  std::size_t at = 0;
  for (int y = 0; y < picture.height_px; ++y) {
    for (int x = 0; x < picture.width_px; ++x) {
      for (int c = 0; c < picture.channels; ++c, ++at) {
        picture.samples[at] =
            static_cast<std::uint8_t>(std::clamp(change(picture.samples[at], x, y), 0.0F, 255.0F));
      }
    }
  }
}

// Means over (2 reach + 1) squared.
inline void blur(Image& picture, int reach) {
  const Image sharp = picture;
  const auto at = [&](int x, int y, int c) {
    x = std::clamp(x, 0, sharp.width_px - 1), y = std::clamp(y, 0, sharp.height_px - 1);
    return static_cast<std::size_t>((y * sharp.width_px + x) * sharp.channels + c);
  };
  for (int y = 0; y < sharp.height_px; ++y) {
    for (int x = 0; x < sharp.width_px; ++x) {
      for (int c = 0; c < sharp.channels; ++c) {
        int sum = 0;
        for (int dy = -reach; dy <= reach; ++dy) {
          for (int dx = -reach; dx <= reach; ++dx) sum += sharp.samples[at(x + dx, y + dy, c)];
        }
        picture.samples[at(x, y, c)] =
            static_cast<std::uint8_t>(sum / ((2 * reach + 1) * (2 * reach + 1)));
      }
    }
  }
}

}  // namespace whorl::testing
