#include "engine/features/fingerprint/ridge_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/base/random.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "engine/features/fingerprint/ridge_period.h"
#include "tests/features/gratings.h"

namespace whorl::features {
namespace {

using testing::constant_flow;
using testing::direction_error_degrees;
using testing::grating;

constexpr int kSide = 128, kCells = kSide / kCellPx;
constexpr int kRim = 6;  // cells at the edge, of which less is seen
const Mask kWhole(kCells, kCells, 1);

double largest_direction_error(const Flow& flow, double degrees) {
  double largest = 0;
  for (int y = kRim; y < flow.cosine.height() - kRim; ++y) {
    for (int x = kRim; x < flow.cosine.width() - kRim; ++x) {
      largest = std::max(largest, direction_error_degrees(flow, x, y, degrees));
    }
  }
  return largest;
}

// As a share of the period.
double largest_period_error(const Field& log_px, double period_px) {
  double largest = 0;
  for (int y = kRim; y < log_px.height() - kRim; ++y) {
    for (int x = kRim; x < log_px.width() - kRim; ++x) {
      const double found = std::exp(static_cast<double>(log_px.at(x, y)));
      largest = std::max(largest, std::abs(found / period_px - 1));
    }
  }
  return largest;
}

bool all_finite(const Field& field) {
  return std::all_of(field.cells().begin(), field.cells().end(),
                     [](float v) { return std::isfinite(v); });
}

TEST(RidgeFlow, FindsAGratingsDirectionWithinADegree) {
  for (const double period : {4.0, 6.0, 9.0, 12.0, 14.0}) {
    for (double degrees = 0; degrees < 180; degrees += 11.25) {
      const Flow flow =
          flow_of_two_scales(structure_tensor(grating(kSide, kSide, degrees, period), 1));
      EXPECT_LT(largest_direction_error(flow, degrees), 1) << degrees << " degrees, " << period;
      EXPECT_GT(flow.coherence(kCells * kCells / 2 + kCells / 2), 0.98F);
    }
  }
}

TEST(RidgeFlow, FindsItAtHalfScale) {
  for (const double period : {6.0, 9.0, 14.0}) {
    for (double degrees = 0; degrees < 180; degrees += 15) {
      const Field half = grating(kSide / 2, kSide / 2, degrees, period, 0.3, 2);
      const Tensor tensor = structure_tensor(half, 2);
      ASSERT_EQ(tensor.energy.width(), kCells);
      EXPECT_LT(largest_direction_error(flow_of(blurred(tensor, 8)), degrees), 1)
          << degrees << " degrees, " << period;
    }
  }
}

TEST(RidgeFlow, IsNothingWhereThereIsNoTexture) {
  for (const int side : {1, 2, 3, 64}) {
    const Flow flow = flow_of_two_scales(structure_tensor(Field(side, side, 0.7F), 1));
    ASSERT_TRUE(all_finite(flow.cosine) && all_finite(flow.sine));
    for (std::ptrdiff_t i = 0; i < flow.cosine.size(); ++i) EXPECT_LT(flow.coherence(i), 0.01F);
  }
}

TEST(RidgeFlow, NoiseHasLittleCoherence) {
  Field noise(kSide, kSide);
  SeededRandom random(2);
  for (float& v : noise.cells()) v = static_cast<float>(random.normal(0, 1));
  const Flow flow = flow_of_two_scales(structure_tensor(noise, 1));
  double sum = 0;
  for (std::ptrdiff_t i = 0; i < flow.cosine.size(); ++i) {
    sum += static_cast<double>(flow.coherence(i));
  }
  EXPECT_LT(sum / static_cast<double>(flow.cosine.size()), 0.3);
}

// A patch of another direction that nobody trusts takes its neighbours'; a trusted one stays.
TEST(RidgeFlow, DiffusionTurnsWhatIsDoubtfulAndNothingElse) {
  Flow flow = constant_flow(kCells, kCells, 30);
  Field trust(kCells, kCells, 1);
  const auto set_patch = [&](int left, float say) {
    for (int y = 14; y < 18; ++y) {
      for (int x = left; x < left + 4; ++x) {
        flow.cosine.at(x, y) = -flow.cosine.at(x, y);  // 90 degrees off
        flow.sine.at(x, y) = -flow.sine.at(x, y);
        trust.at(x, y) = say;
      }
    }
  };
  set_patch(6, 0.01F);
  set_patch(22, 1);
  const Flow smooth = diffused(flow, trust, kWhole);
  EXPECT_LT(direction_error_degrees(smooth, 8, 16, 30), 3);
  EXPECT_LT(direction_error_degrees(smooth, 24, 16, 120), 3);
  EXPECT_LT(direction_error_degrees(smooth, 16, 5, 30), 0.1);
}

TEST(RidgePeriod, FindsAGratingsPeriodWithinThreePercent) {
  for (double period = 4; period <= 14; period += 0.5) {
    for (double degrees = 0; degrees < 180; degrees += 22.5) {
      const Field field = grating(kSide, kSide, degrees, period);
      const Period found = period_of(field, 1, constant_flow(kCells, kCells, degrees), kWhole);
      EXPECT_LT(largest_period_error(found.log_px, period), 0.03)
          << degrees << " degrees, " << period;
      EXPECT_GT(found.confidence.at(kCells / 2, kCells / 2), 0.6F) << degrees << ", " << period;
    }
  }
}

TEST(RidgePeriod, FindsItAtHalfScale) {
  for (const double period : {6.0, 9.0, 12.0, 14.0}) {
    for (double degrees = 0; degrees < 180; degrees += 30) {
      const Field half = grating(kSide / 2, kSide / 2, degrees, period, 0.3, 2);
      const Period found = period_of(half, 2, constant_flow(kCells, kCells, degrees), kWhole);
      EXPECT_LT(largest_period_error(found.log_px, period), 0.04)
          << degrees << " degrees, " << period;
    }
  }
}

TEST(RidgePeriod, IsConfidentOfRidgesAndOfNothingElse) {
  Field noise(kSide, kSide);
  SeededRandom random(3);
  for (float& v : noise.cells()) v = static_cast<float>(random.normal(0, 1));
  const Flow flow = constant_flow(kCells, kCells, 45);
  const Period of_noise = period_of(noise, 1, flow, kWhole);
  // Ridges seen along themselves, a quarter of a turn off, have no period.
  const Period of_turned = period_of(grating(kSide, kSide, 135, 9), 1, flow, kWhole);
  const Period of_ridges = period_of(grating(kSide, kSide, 45, 9), 1, flow, kWhole);
  EXPECT_GT(quantile(of_ridges.confidence, kWhole, 0.1F), 0.5F);
  EXPECT_LT(quantile(of_noise.confidence, kWhole, 0.9F), 0.3F);
  EXPECT_LT(quantile(of_turned.confidence, kWhole, 0.9F), 0.3F);
}

TEST(RidgePeriod, IsFiniteWithoutTextureAndWithoutAMask) {
  for (const int side : {1, 2, 3, 9, 64}) {
    const int cells = (side + kCellPx - 1) / kCellPx;
    for (const std::uint8_t inside : {std::uint8_t{0}, std::uint8_t{1}}) {
      const Period found = period_of(Field(side, side, 0.5F), 1, constant_flow(cells, cells, 0),
                                     Mask(cells, cells, inside));
      ASSERT_TRUE(all_finite(found.log_px) && all_finite(found.confidence));
      EXPECT_EQ(found.confidence.at(0, 0), 0);
      EXPECT_NEAR(std::exp(found.log_px.at(0, 0)), 9, 0.01);  // what most prints have
    }
  }
}

}  // namespace
}  // namespace whorl::features
