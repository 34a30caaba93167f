#include "tests/scanners/ridge_measures.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace whorl::scanners::testing {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;

// Bilinear over a raster read by `at(column, row)`; beyond its border it goes on as at the border.
template <class At>
float interpolate(float x, float y, int width, int height, const At& at) {
  const float cx = std::clamp(x, 0.0F, static_cast<float>(width) - 1.001F);
  const float cy = std::clamp(y, 0.0F, static_cast<float>(height) - 1.001F);
  const auto ix = static_cast<int>(cx), iy = static_cast<int>(cy);
  const float fx = cx - static_cast<float>(ix), fy = cy - static_cast<float>(iy);
  const float top = at(ix, iy) * (1 - fx) + at(ix + 1, iy) * fx;
  const float bottom = at(ix, iy + 1) * (1 - fx) + at(ix + 1, iy + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

// The phase of waves with this normal around a place, seen through a Gaussian window.
std::complex<float> local_wave(const Field& field, FingerPoint at, FingerPoint wave) {
  constexpr int kReach = 9;
  constexpr float kSd = 4;
  std::complex<float> sum;
  float weights = 0, mean = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (int dy = -kReach; dy <= kReach; ++dy) {
      for (int dx = -kReach; dx <= kReach; ++dx) {
        const auto fx = static_cast<float>(dx), fy = static_cast<float>(dy);
        const float weight = std::exp(-(fx * fx + fy * fy) / (2 * kSd * kSd));
        const float value = field(at.x_px + fx, at.y_px + fy);
        if (pass == 0) {
          weights += weight;
          mean += weight * value;
          continue;
        }
        sum += weight * (value - mean / weights) *
               std::polar(1.0F, -(wave.x_px * fx + wave.y_px * fy));
      }
    }
  }
  return sum;
}

}  // namespace

Field field_of(const RidgePattern& pattern) {
  return [&pattern](float x, float y) {
    return interpolate(
        x - pattern.corner.x_px, y - pattern.corner.y_px, pattern.width_px, pattern.height_px,
        [&](int column, int row) {
          return static_cast<float>(
              pattern.skin[static_cast<std::size_t>(row * pattern.width_px + column)].relief);
        });
  };
}

Field field_of(const Image& image) {
  return [&image](float x, float y) {
    return interpolate(
        x - 0.5F, y - 0.5F, image.width_px, image.height_px, [&](int column, int row) {
          return 255.0F -
                 static_cast<float>(
                     image.samples[static_cast<std::size_t>(row * image.width_px + column)]);
        });
  };
}

LocalOrientation orientation_at(const Field& field, FingerPoint at, int reach_px) {
  float xx = 0, yy = 0, xy = 0;
  for (int dy = -reach_px; dy <= reach_px; ++dy) {
    for (int dx = -reach_px; dx <= reach_px; ++dx) {
      const float x = at.x_px + static_cast<float>(dx), y = at.y_px + static_cast<float>(dy);
      const float gx = field(x + 1, y) - field(x - 1, y);
      const float gy = field(x, y - 1) - field(x, y + 1);  // upwards
      xx += gx * gx;
      yy += gy * gy;
      xy += gx * gy;
    }
  }
  const float along = 0.5F * std::atan2(2 * xy, xx - yy) + kPi / 2;
  const float energy = xx + yy;
  return {along, energy > 0 ? std::hypot(xx - yy, 2 * xy) / energy : 0};
}

float period_across(const Field& field, FingerPoint at, float orientation, float length_px) {
  constexpr float kStep = 0.25F;
  std::vector<float> values;
  for (float t = -length_px / 2; t < length_px / 2; t += kStep) {
    values.push_back(
        field(at.x_px - t * std::sin(orientation), at.y_px - t * std::cos(orientation)));
  }
  float mean = 0;
  for (const float value : values) mean += value / static_cast<float>(values.size());
  std::vector<float> rises;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i - 1] < mean && values[i] >= mean) rises.push_back(static_cast<float>(i) * kStep);
  }
  if (rises.size() < 2) return 0;
  return (rises.back() - rises.front()) / static_cast<float>(rises.size() - 1);
}

int ridges_gained(const Field& field, FingerPoint at, float direction, float period_px,
                  float radius_px) {
  constexpr int kPoints = 16;
  const float k = 2 * kPi / period_px;
  const FingerPoint wave{-k * std::sin(direction), -k * std::cos(direction)};
  std::complex<float> before;
  FingerPoint was;
  float turned = 0;
  for (int i = 0; i <= kPoints; ++i) {
    const float angle = 2 * kPi * static_cast<float>(i) / kPoints;  // anticlockwise as seen
    const FingerPoint here{at.x_px + radius_px * std::cos(angle),
                           at.y_px - radius_px * std::sin(angle)};
    const std::complex<float> now = local_wave(field, here, wave);
    if (i > 0) {
      const float carried = wave.x_px * (here.x_px - was.x_px) + wave.y_px * (here.y_px - was.y_px);
      turned += std::arg(now * std::conj(before) * std::polar(1.0F, -carried));
    }
    before = now;
    was = here;
  }
  return static_cast<int>(std::lround(turned / (2 * kPi)));
}

float between_orientations(float a, float b) { return std::abs(std::remainder(a - b, kPi)); }

}  // namespace whorl::scanners::testing
