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

// Plain loops over whole rows: the compiler makes lanes of them.
void whiten(const std::int32_t* sums, const Row& inverse, std::int8_t* values) {
  Row row;
  for (std::size_t k = 0; k < kSize; ++k) row[k] = static_cast<float>(sums[k]) * inverse[k];
  const float scale = kVectorLength / std::max(length_of(row), 1e-6F);
  std::array<std::int32_t, kSize> whole;
  for (std::size_t k = 0; k < kSize; ++k) {
    const float value = row[k] * scale;
    const float kept = value < -127 ? -127 : value > 127 ? 127 : value;
    whole[k] = static_cast<std::int32_t>(kept + 127.5F) - 127;  // rounded, halves up
  }
  for (std::size_t k = 0; k < kSize; ++k) values[k] = static_cast<std::int8_t>(whole[k]);
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
  const Row& inverse = weights();
  for (std::size_t i = 0; i < minutiae.size(); ++i) {
    if (!cylinders.described[i]) continue;
    vectors.described[i] = 1;
    whiten(&sums[i * kSize], inverse, &vectors.values[i * kSize]);
  }
}

}  // namespace whorl::features
