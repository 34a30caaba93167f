#pragma once
// How residuals of mates are distributed, as logarithms on tables.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace whorl::matchers {

inline constexpr float kTurn = 6.2831853F;
// Beyond these no partner is looked for.
inline constexpr float kMaxTolerancePx = 18;
inline constexpr float kMinCosine = 0.9063078F;  // directions of mates agree within 25 degrees

// Residuals of true mates: a narrow normal and, for one in eight, a wide one; positions per axis in
// px, directions in radians.
inline constexpr float kNarrow = 0.87F, kWide = 1 - kNarrow;
inline constexpr float kNarrowPx2 = 3.5F * 3.5F, kWidePx2 = 8.0F * 8.0F;
inline constexpr float kNarrowRad = 0.105F, kWideRad = 0.26F;
inline float normal2(float squared, float variance) {  // density of two axes at once
  return std::exp(-squared / (2 * variance)) / (kTurn * variance);
}
inline float normal1(float value, float sd) {
  return std::exp(-value * value / (2 * sd * sd)) / (std::sqrt(kTurn) * sd);
}

// The logarithms of how residuals and turns of mates are distributed, on tables: both are nearly
// straight lines in the squared distance and in 1 - cosine, and are taken as straight between two
// entries.
class ShareTables {
 public:
  ShareTables() {
    for (std::size_t k = 0; k < residuals_.size(); ++k) {
      const auto px2 = static_cast<float>(k);
      residuals_[k] = std::log(kNarrow * normal2(px2, kNarrowPx2) + kWide * normal2(px2, kWidePx2));
    }
    for (std::size_t k = 0; k < turns_.size(); ++k) {
      const float turn = std::acos(1 - static_cast<float>(k) / kTurnsPerUnit);
      turns_[k] = std::log(kNarrow * normal1(turn, kNarrowRad) + kWide * normal1(turn, kWideRad));
    }
  }
  float residual(float px2) const { return between(residuals_, px2); }
  float turn(float cosine) const {
    return between(turns_, std::max(0.0F, 1 - cosine) * kTurnsPerUnit);
  }

 private:
  static constexpr float kTurnsPerUnit = 2000;
  template <std::size_t N>
  static float between(const std::array<float, N>& table, float at) {
    const auto k = static_cast<std::size_t>(at);
    return table[k] + (at - static_cast<float>(k)) * (table[k + 1] - table[k]);
  }
  std::array<float, static_cast<std::size_t>(kMaxTolerancePx* kMaxTolerancePx) + 2> residuals_{};
  std::array<float, static_cast<std::size_t>((1 - kMinCosine) * kTurnsPerUnit) + 2> turns_{};
};

inline const ShareTables& share_tables() {
  static const ShareTables made;
  return made;
}

}  // namespace whorl::matchers
