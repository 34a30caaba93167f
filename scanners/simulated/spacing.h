#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "engine/base/random.h"
#include "scanners/simulated/ridge_flow.h"

namespace whorl::scanners {

// How minutiae keep apart: none nearer than kClosest, and between that and kIndifferent with a
// chance that rises in a straight line. A hard core alone gives a mean nearest neighbour of 18 px,
// where real prints have 22.
inline constexpr float kClosestPx = 6;
inline constexpr float kIndifferentPx = 34;

inline double chance_beside_neighbour(float squared_px) {
  if (squared_px < kClosestPx * kClosestPx) return 0;
  if (squared_px > kIndifferentPx * kIndifferentPx) return 1;
  return (std::sqrt(squared_px) - kClosestPx) / (kIndifferentPx - kClosestPx);
}

// Remembers places and says how near the nearest one is. Coordinates are kept in sixteenths of a
// pixel: integers let the compiler compare many at once, and floats would not.
template <int Capacity>
class Spacing {
 public:
  bool full() const { return count_ == Capacity; }

  float nearest_squared(FingerPoint at) const {
    const std::int32_t x = sixteenths(at.x_px), y = sixteenths(at.y_px);
    std::int32_t nearest = kFar;
    for (int i = 0; i < count_; ++i) {
      const std::int32_t dx = x_[static_cast<std::size_t>(i)] - x;
      const std::int32_t dy = y_[static_cast<std::size_t>(i)] - y;
      nearest = std::min(nearest, dx * dx + dy * dy);
    }
    return static_cast<float>(nearest) * (1.0F / 256);
  }

  void add(FingerPoint at) {
    x_[static_cast<std::size_t>(count_)] = sixteenths(at.x_px);
    y_[static_cast<std::size_t>(count_)] = sixteenths(at.y_px);
    ++count_;
  }

 private:
  static constexpr std::int32_t kFar = 1 << 30;  // 2,048 px squared, beyond any finger
  static std::int32_t sixteenths(float px) { return static_cast<std::int32_t>(px * 16); }

  std::array<std::int32_t, Capacity> x_{};
  std::array<std::int32_t, Capacity> y_{};
  int count_ = 0;
};

}  // namespace whorl::scanners
