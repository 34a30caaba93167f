#include "engine/formats/tidy_minutiae.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "engine/base/limits.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {
namespace {

// Keeps the minutiae of these indices, in their old order.
void keep(std::vector<Minutia>& minutiae, std::vector<std::uint32_t>& indices) {
  std::ranges::sort(indices);
  std::vector<Minutia> kept;
  kept.reserve(indices.size());
  for (const std::uint32_t i : indices) kept.push_back(minutiae[i]);
  minutiae = std::move(kept);
}

int remove_duplicates(std::vector<Minutia>& minutiae) {
  // Place and direction above, then what decides which of several stays: the better, the earlier.
  std::vector<std::uint64_t> keys;
  keys.reserve(minutiae.size());
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    const Minutia& m = minutiae[i];
    const auto place = static_cast<std::uint64_t>(m.x_px) << 22U |
                       static_cast<std::uint64_t>(m.y_px) << 8U | m.direction.steps();
    keys.push_back(place << 16U | static_cast<std::uint64_t>(255 - m.quality) << 8U | i);
  }
  static_assert(kMaxMinutiaePerView <= 255, "an index is one byte of the key");
  static_assert(kMaxCoordinatePx < 1 << 14, "a coordinate is 14 bits of the key");
  std::ranges::sort(keys);
  const auto same_place = [](std::uint64_t a, std::uint64_t b) { return a >> 16U == b >> 16U; };
  const auto end = std::unique(keys.begin(), keys.end(), same_place);
  if (end == keys.end()) return 0;
  std::vector<std::uint32_t> kept;
  for (auto key = keys.begin(); key != end; ++key) {
    kept.push_back(static_cast<std::uint32_t>(*key & 0xFFU));
  }
  keep(minutiae, kept);
  return static_cast<int>(keys.end() - end);
}

int trim(std::vector<Minutia>& minutiae) {
  if (minutiae.size() <= kMaxMinutiaePerTemplate) return 0;
  const auto count = static_cast<std::int64_t>(minutiae.size());
  std::int64_t sum_x = 0;
  std::int64_t sum_y = 0;
  for (const Minutia& m : minutiae) {
    sum_x += m.x_px;
    sum_y += m.y_px;
  }
  // Squared distance to the centroid, times count squared: whole numbers on every machine.
  const auto distance = [&](const Minutia& m) {
    const std::int64_t dx = m.x_px * count - sum_x;
    const std::int64_t dy = m.y_px * count - sum_y;
    return dx * dx + dy * dy;
  };
  std::vector<std::uint32_t> order(minutiae.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const Minutia& left = minutiae[a];
    const Minutia& right = minutiae[b];
    if (left.quality != right.quality) return left.quality > right.quality;
    const std::int64_t left_distance = distance(left);
    const std::int64_t right_distance = distance(right);
    return left_distance != right_distance ? left_distance < right_distance : a < b;
  });
  order.resize(kMaxMinutiaePerTemplate);
  keep(minutiae, order);
  return static_cast<int>(count) - kMaxMinutiaePerTemplate;
}

}  // namespace

TidyLosses tidy_minutiae(std::vector<Minutia>& minutiae) {
  TidyLosses losses;
  losses.duplicates = remove_duplicates(minutiae);
  losses.trimmed = trim(minutiae);
  return losses;
}

}  // namespace whorl::formats
