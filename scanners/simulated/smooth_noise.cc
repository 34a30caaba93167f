#include "scanners/simulated/smooth_noise.h"

#include <cstdint>

namespace whorl::scanners {
namespace {

// Sum of four bytes, less its mean, over its standard deviation: normal enough for dirt.
constexpr float kBytesMean = 510, kBytesSd = 147.8F;
// Splines average: of a lattice of deviation 1 they leave 0.55.
constexpr float kSplineSd = 0.55F;

float from_bytes(std::uint64_t bits) {
  const std::uint64_t sum =
      (bits & 0xFF) + (bits >> 8 & 0xFF) + (bits >> 16 & 0xFF) + (bits >> 24 & 0xFF);
  return (static_cast<float>(sum) - kBytesMean) * (1 / (kBytesSd * kSplineSd));
}

}  // namespace

SmoothNoise::SmoothNoise(int width_px, int height_px, int step_px, SeededRandom& random)
    : step_(static_cast<std::size_t>(step_px)),
      columns_(static_cast<std::size_t>(width_px / step_px + 3)),
      lattice_(columns_ * static_cast<std::size_t>(height_px / step_px + 3)) {
  for (std::size_t i = 0; i < lattice_.size(); i += 2) {
    const std::uint64_t bits = random.next();
    lattice_[i] = from_bytes(bits);
    if (i + 1 < lattice_.size()) lattice_[i + 1] = from_bytes(bits >> 32);
  }
  for (std::size_t i = 0; i < step_; ++i) {
    const float f = (static_cast<float>(i) + 0.5F) / static_cast<float>(step_);
    weights_.push_back(0.5F * (1 - f) * (1 - f));
    weights_.push_back(0.75F - (f - 0.5F) * (f - 0.5F));
    weights_.push_back(0.5F * f * f);
  }
}

void SmoothNoise::read_row(int y, std::span<float> out) const {
  const auto row = static_cast<std::size_t>(y);
  const float* lattice = lattice_.data() + row / step_ * columns_;
  const float* down = weights_.data() + row % step_ * 3;
  const auto column = [&](std::size_t c) {
    return down[0] * lattice[c] + down[1] * lattice[c + columns_] +
           down[2] * lattice[c + 2 * columns_];
  };
  float a = 0, b = column(0), c = column(1);
  for (std::size_t x = 0, cell = 2; x < out.size(); x += step_, ++cell) {
    a = b;
    b = c;
    c = column(cell);
    const std::size_t count = out.size() - x < step_ ? out.size() - x : step_;
    for (std::size_t i = 0; i < count; ++i) {
      const float* across = weights_.data() + i * 3;
      out[x + i] = across[0] * a + across[1] * b + across[2] * c;
    }
  }
}

}  // namespace whorl::scanners
