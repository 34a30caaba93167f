#include "engine/features/fingerprint/minutia_vectors.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/features/fingerprint/cylinder.h"
#include "engine/features/fingerprint/minutia_codes.h"

namespace whorl::features {
namespace {

constexpr std::size_t kSize = kernels::kVectorSize;
using Row = std::array<float, kSize>;

const Row& weights() {
  static const Row row = [] {
    Row inverse{};
    const std::int32_t* deviations = projection_deviations();
    for (std::size_t k = 0; k < kSize; ++k) inverse[k] = 1 / static_cast<float>(deviations[k]);
    return inverse;
  }();
  return row;
}

// Sums in eight strands, the same on every machine.
float length_of(const Row& row) {
  std::array<float, 8> strands{};
  for (std::size_t k = 0; k < kSize; k += strands.size()) {
    for (std::size_t s = 0; s < strands.size(); ++s) strands[s] += row[k + s] * row[k + s];
  }
  float sum = 0;
  for (const float strand : strands) sum += strand;
  return std::sqrt(sum);
}

void whiten(const std::int32_t* sums, std::int8_t* values) {
  Row row;
  for (std::size_t k = 0; k < kSize; ++k) row[k] = static_cast<float>(sums[k]) * weights()[k];
  const float scale = kVectorLength / std::max(length_of(row), 1e-6F);
  for (std::size_t k = 0; k < kSize; ++k) {
    const float value = std::clamp(row[k] * scale, -127.0F, 127.0F);
    values[k] = static_cast<std::int8_t>(value < 0 ? value - 0.5F : value + 0.5F);
  }
}

}  // namespace

void describe_vectors(std::span<const Minutia> minutiae, kernels::Backend backend,
                      MinutiaVectors& vectors) {
  vectors.values.assign(minutiae.size() * kSize, 0);
  vectors.described.assign(minutiae.size(), 0);
  if (minutiae.empty()) return;
  const Cylinders cylinders = cylinders_of(minutiae, backend);
  std::vector<std::int32_t> sums(minutiae.size() * kSize);
  kernels::project_sums(backend)(minutia_projection(), cylinders.cells.data(), std::ssize(minutiae),
                                 kernels::kVectorSize, sums.data());
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    if (!cylinders.described[i]) continue;
    vectors.described[i] = 1;
    whiten(&sums[i * kSize], &vectors.values[i * kSize]);
  }
}

}  // namespace whorl::features
