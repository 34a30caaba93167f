#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/base/random.h"

namespace whorl::scanners {

struct Range {
  double least = 0, most = 0;
};

// A slightly bent line with soft edges: a crease of the skin, a scratch, a hair.
struct Stroke {
  float x_px = 0, y_px = 0;  // its middle
  float along_x = 1, along_y = 0;
  float half_length_px = 0;
  float width_px = 0;  // standard deviation across
  float bow_px = 0;    // how far its ends lie off the line

  // Calls paint(x, y, cover), cover 0 .. 1, for all pixels of a raster that it touches.
  template <class Paint>
  void for_each_pixel(int raster_width, int raster_height, const Paint& paint) const {
    constexpr float kFinest = 0.1F;  // square pixels; the points of a stroke would fall between
    const float reach = half_length_px + std::abs(bow_px) + 3 * width_px;
    const auto from = [&](float middle) { return std::max(0, static_cast<int>(middle - reach)); };
    const auto to = [&](float middle, int end) {
      return std::min(end, static_cast<int>(middle + reach) + 1);
    };
    for (int y = from(y_px); y < to(y_px, raster_height); ++y) {
      for (int x = from(x_px); x < to(x_px, raster_width); ++x) {
        const float dx = static_cast<float>(x) - x_px, dy = static_cast<float>(y) - y_px;
        const float along = (dx * along_x + dy * along_y) / half_length_px;
        if (std::abs(along) >= 1) continue;
        const float across = dy * along_x - dx * along_y - bow_px * along * along;
        const float narrow = width_px * (1 - along * along);  // to a point at both ends
        const float falloff = 1 - across * across / (4 * narrow * narrow + kFinest);
        if (falloff > 0) paint(x, y, falloff * falloff);
      }
    }
  }
};

// A round spot with soft edges: a pore, a speck of dust. Calls paint as a stroke does.
template <class Paint>
void for_each_pixel_of_spot(float x_px, float y_px, float sd_px, int raster_width,
                            int raster_height, const Paint& paint) {
  const auto from = [&](float middle) { return std::max(0, static_cast<int>(middle - 2 * sd_px)); };
  const auto to = [&](float middle, int end) {
    return std::min(end, static_cast<int>(middle + 2 * sd_px) + 2);
  };
  for (int y = from(y_px); y < to(y_px, raster_height); ++y) {
    for (int x = from(x_px); x < to(x_px, raster_width); ++x) {
      const float dx = static_cast<float>(x) - x_px, dy = static_cast<float>(y) - y_px;
      const float falloff = 1 - (dx * dx + dy * dy) / (4 * sd_px * sd_px);
      if (falloff > 0) paint(x, y, falloff * falloff);
    }
  }
}

inline Stroke draw_stroke(double x_px, double y_px, Range length_px, Range width_px,
                          SeededRandom& random) {
  const double angle = random.uniform(0, std::numbers::pi);
  const double length = random.uniform(length_px.least, length_px.most);
  const double bow = random.normal(0, 0.06) * length;
  const double width = random.uniform(width_px.least, width_px.most);
  Stroke made;
  made.x_px = static_cast<float>(x_px);
  made.y_px = static_cast<float>(y_px);
  made.along_x = static_cast<float>(std::cos(angle));
  made.along_y = static_cast<float>(std::sin(angle));
  made.half_length_px = static_cast<float>(length / 2);
  made.bow_px = static_cast<float>(bow);
  made.width_px = static_cast<float>(width);
  return made;
}

}  // namespace whorl::scanners
