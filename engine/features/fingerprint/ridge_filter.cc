#include "engine/features/fingerprint/ridge_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr int kSide = kernels::kFilterSide;
constexpr int kReach = 11;  // of a kernel from its middle; the last row and column stay zero
static_assert(2 * kReach + 2 == kSide);
constexpr int kMargin = 16;  // around the picture: a kernel's reach and a spot's
constexpr int kDirections = 48, kPeriods = 14;
constexpr float kShortest = 4, kLongest = 14.4F;  // periods of the bank
// Standard deviations as shares of the period. Across: narrow, so that a ridge's end is not filled
// in; along: short, so that bends survive.
constexpr float kAcross = 0.42F, kAlong = 0.55F;

// Values and weights are 16 bits: the largest value times the sum of weights stays below 2^31.
constexpr float kValueScale = 4096;
constexpr float kWeightSum = 1 << 17;
static_assert(kClip * kValueScale * kWeightSum < 2.0F * (1 << 30));

struct Bank {
  std::vector<std::int16_t> weights;                  // [period, direction, kSide, kSide]
  std::array<float, kPeriods * kDirections> scale{};  // of a kernel's sum, to the ridge's amplitude
};

float period_of_bank(int p) {
  return kShortest * std::pow(kLongest / kShortest, static_cast<float>(p) / (kPeriods - 1));
}

// The kernel of ridges in the direction `angle`, clockwise from +x as y points down.
void add_kernel(Bank& bank, float period, float angle, std::size_t index) {
  std::array<float, kSide * kSide> wave{}, envelope{};
  const float across = kAcross * period, along = kAlong * period;
  float sum = 0, weight = 0;
  for (int y = 0; y <= 2 * kReach; ++y) {
    for (int x = 0; x <= 2 * kReach; ++x) {
      const auto dx = static_cast<float>(x - kReach), dy = static_cast<float>(y - kReach);
      const float u = dx * std::cos(angle) + dy * std::sin(angle);
      const float v = dy * std::cos(angle) - dx * std::sin(angle);
      const auto at = static_cast<std::size_t>(y * kSide + x);
      envelope[at] = std::exp(-0.5F * (u * u / (along * along) + v * v / (across * across)));
      wave[at] = std::cos(2 * std::numbers::pi_v<float> * v / period);
      sum += envelope[at] * wave[at], weight += envelope[at];
    }
  }
  float absolute = 0, response = 0;  // to a ridge of amplitude 1
  std::array<float, kSide * kSide> kernel{};
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    kernel[i] = envelope[i] * (wave[i] - sum / weight);  // blind to the mean
    absolute += std::abs(kernel[i]), response += kernel[i] * wave[i];
  }
  const float to_weight = (kWeightSum - 600) / absolute;  // room for 576 roundings
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    bank.weights[index * kernel.size() + i] =
        static_cast<std::int16_t>(std::lround(kernel[i] * to_weight));
  }
  bank.scale[index] = 1 / (kValueScale * to_weight * response);
}

const Bank& bank() {
  static const Bank kBank = [] {
    Bank all;
    all.weights.resize(std::size_t{kPeriods} * kDirections * kSide * kSide);
    for (int p = 0; p < kPeriods; ++p) {
      for (int d = 0; d < kDirections; ++d) {
        add_kernel(all, period_of_bank(p),
                   static_cast<float>(d) * std::numbers::pi_v<float> / kDirections,
                   static_cast<std::size_t>(p * kDirections + d));
      }
    }
    return all;
  }();
  return kBank;
}

std::int32_t kernel_for(float cosine, float sine, float log_period) {
  static const float kFirst = std::log(kShortest);
  static const float kStep = std::log(kLongest / kShortest) / (kPeriods - 1);
  const int p =
      std::clamp(static_cast<int>(std::lround((log_period - kFirst) / kStep)), 0, kPeriods - 1);
  const float turns = std::atan2(sine, cosine) / (2 * std::numbers::pi_v<float>);  // -0.5 .. 0.5
  const int d = static_cast<int>(std::lround(turns * kDirections) + kDirections) % kDirections;
  return p * kDirections + d;
}

}  // namespace

RidgeFilter::RidgeFilter(const Field& normalised, kernels::Backend backend)
    : filter_(kernels::oriented_filter(backend)),
      width_(normalised.width()),
      height_(normalised.height()),
      stride_(normalised.width() + 2 * kMargin + kCellPx),
      values_(static_cast<std::size_t>(stride_) *
              static_cast<std::size_t>(height_ + 2 * kMargin + kCellPx)) {
  for (int y = 0; y < height_; ++y) {
    const float* from = normalised.row(y);
    std::int16_t* to = values_.data() + first_value(0, y) + kReach * stride_ + kReach;
    for (int x = 0; x < width_; ++x) to[x] = static_cast<std::int16_t>(from[x] * kValueScale);
  }
}

// The value under the first weight of a kernel whose middle is on pixel (x, y).
std::int32_t RidgeFilter::first_value(int x_px, int y_px) const {
  return (y_px + kMargin - kReach) * stride_ + x_px + kMargin - kReach;
}

void RidgeFilter::run(const std::vector<kernels::FilterSpot>& spots, int step,
                      std::vector<std::int32_t>& out) const {
  out.resize(4 * spots.size());
  filter_({values_.data(), stride_, step}, bank().weights.data(), spots.data(),
          static_cast<std::int64_t>(spots.size()), out.data());
}

namespace {

struct Place {
  int x = 0, y = 0;
};

// Puts the four outputs of each spot where they belong.
Field placed(const std::vector<Place>& places, const std::vector<kernels::FilterSpot>& spots,
             const std::vector<std::int32_t>& sums, int width, int height) {
  Field out(width, height);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const float scale = bank().scale[static_cast<std::size_t>(spots[i].kernel)];
    for (int k = 0; k < 4; ++k) {
      const int x = places[i].x + k % 2, y = places[i].y + k / 2;
      if (!out.contains(x, y)) continue;
      out.at(x, y) = scale * static_cast<float>(sums[4 * i + static_cast<std::size_t>(k)]);
    }
  }
  return out;
}

}  // namespace

Field RidgeFilter::filtered(const Flow& flow, const Field& log_period, const Mask& mask) const {
  const int w = (width_ + 1) / 2, h = (height_ + 1) / 2;
  constexpr int kHalf = kCellPx / 2;
  const Field cosine = spread(flow.cosine, kHalf, w, h), sine = spread(flow.sine, kHalf, w, h),
              period = spread(log_period, kHalf, w, h);
  std::vector<kernels::FilterSpot> spots;
  std::vector<Place> places;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      if (mask.at(x / kHalf, y / kHalf) == 0) continue;
      spots.push_back(
          {first_value(2 * x, 2 * y), kernel_for(cosine.at(x, y), sine.at(x, y), period.at(x, y))});
      places.push_back({2 * x, 2 * y});
    }
  }
  std::vector<std::int32_t> sums;
  run(spots, 1, sums);
  return placed(places, spots, sums, width_, height_);
}

Field RidgeFilter::filtered_at_half_scale(const Flow& flow, const Field& log_period,
                                          const Mask& mask) const {
  std::vector<kernels::FilterSpot> spots;
  std::vector<Place> places;
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      if (mask.at(x, y) == 0) continue;
      spots.push_back({first_value(kCellPx * x, kCellPx * y),
                       kernel_for(flow.cosine.at(x, y), flow.sine.at(x, y), log_period.at(x, y))});
      places.push_back({2 * x, 2 * y});
    }
  }
  std::vector<std::int32_t> sums;
  run(spots, 2, sums);
  return placed(places, spots, sums, (width_ + 1) / 2, (height_ + 1) / 2);
}

}  // namespace whorl::features
