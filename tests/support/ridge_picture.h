#pragma once
// A picture for tests and benchmarks of image formats: ridges that bend, on paper with a shade and
// some noise.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/base/image.h"
#include "engine/base/random.h"

namespace whorl::test {

inline Image ridge_picture(int width_px, int height_px, std::uint64_t seed = 7) {
  SeededRandom random(seed);
  Image image;
  image.width_px = width_px;
  image.height_px = height_px;
  image.ppi = PixelsPerInch{500};
  constexpr double kRidgePeriodPx = 9;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const double phase = std::hypot(x - 0.4 * width_px, 1.5 * y - 30) / kRidgePeriodPx;
      const double ridge = 70 * std::cos(2 * 3.14159265358979 * phase);
      const double shade = 130 + 20.0 * x / width_px - 15.0 * y / height_px;
      const double grey = std::clamp(shade + ridge + random.normal(0, 3), 0.0, 255.0);
      image.samples.push_back(static_cast<std::uint8_t>(std::lround(grey)));
    }
  }
  return image;
}

// Decibels of the peak over the root of the mean squared error; 99 where there is none.
inline double psnr_db(const Image& a, const Image& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    const double difference = double{static_cast<double>(a.samples[i])} - b.samples[i];
    squares += difference * difference;
  }
  if (squares == 0) return 99;
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.samples.size()) / squares);
}

inline int largest_difference(const Image& a, const Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.samples[i]} - int{b.samples[i]}));
  }
  return largest;
}

}  // namespace whorl::test
