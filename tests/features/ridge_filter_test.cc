#include "engine/features/fingerprint/ridge_filter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/random.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/root_filter.h"
#include "tests/features/gratings.h"

namespace whorl::features {
namespace {

using kernels::Backend;
using testing::constant_flow;
using testing::grating;

int cells_of(int pixels) { return (pixels + kCellPx - 1) / kCellPx; }

Field constant_period(int width, int height, double period_px) {
  return Field(cells_of(width), cells_of(height), static_cast<float>(std::log(period_px)));
}

Field random_picture(int width, int height, std::uint64_t seed) {
  SeededRandom random(seed);
  Field field(width, height);
  for (float& v : field.cells()) { v = static_cast<float>(random.uniform(-1, 1)) * kClip; }
  for (std::ptrdiff_t i = 0; i < field.size(); i += 7) field.cells().data()[i] = kClip;
  return field;
}

// How much of `what` there is in `field`, away from the edges: 1 where they are equal.
double amplitude_of(const Field& what, const Field& field) {
  constexpr int kRim = 14;  // a kernel's reach and more
  double both = 0, own = 0;
  for (int y = kRim; y < field.height() - kRim; ++y) {
    for (int x = kRim; x < field.width() - kRim; ++x) {
      const auto w = static_cast<double>(what.at(x, y));
      both += w * static_cast<double>(field.at(x, y)), own += w * w;
    }
  }
  return both / own;
}

// The correlation of two pictures, likewise.
double likeness(const Field& a, const Field& b) {
  return std::sqrt(amplitude_of(a, b) * amplitude_of(b, a));
}

constexpr int kSide = 96;
const Mask kWhole(kSide / kCellPx, kSide / kCellPx, 1);

// At most half a step of the bank off: 1.9 degrees and 5 % of the period.
TEST(RidgeFilter, AGratingKeepsItsAmplitude) {
  for (double period = 4; period <= 14; period += 1.25) {
    for (double degrees = 0; degrees < 180; degrees += 12.5) {
      const Field ridges = grating(kSide, kSide, degrees, period);
      const Field filtered = RidgeFilter(ridges, kernels::best_backend())
                                 .filtered(constant_flow(kSide / kCellPx, kSide / kCellPx, degrees),
                                           constant_period(kSide, kSide, period), kWhole);
      EXPECT_NEAR(amplitude_of(ridges, filtered), 1, 0.05) << degrees << " degrees, " << period;
    }
  }
}

TEST(RidgeFilter, RidgesThatCrossTheFlowAndShadesGo) {
  const Flow flow = constant_flow(kSide / kCellPx, kSide / kCellPx, 30);
  const Field period = constant_period(kSide, kSide, 9);
  const Field crossing = grating(kSide, kSide, 120, 9);
  const auto through = [&](const Field& picture) {
    return RidgeFilter(picture, kernels::best_backend()).filtered(flow, period, kWhole);
  };
  EXPECT_NEAR(amplitude_of(crossing, through(crossing)), 0, 0.05);
  const Field shade(kSide, kSide, 1.5F);
  EXPECT_NEAR(amplitude_of(shade, through(shade)), 0, 0.01);
}

TEST(RidgeFilter, NothingIsSeenOutsideTheMask) {
  Mask left(kSide / kCellPx, kSide / kCellPx);
  for (int y = 0; y < left.height(); ++y) {
    for (int x = 0; x < left.width() / 2; ++x) left.at(x, y) = 1;
  }
  const RidgeFilter filter(random_picture(kSide, kSide, 1), kernels::best_backend());
  const Flow flow = constant_flow(kSide / kCellPx, kSide / kCellPx, 70);
  const Field period = constant_period(kSide, kSide, 8);
  const Field all = filter.filtered(flow, period, kWhole),
              half = filter.filtered(flow, period, left);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      ASSERT_EQ(half.at(x, y), x < kSide / 2 ? all.at(x, y) : 0) << x << ", " << y;
    }
  }
}

TEST(RidgeFilter, HalfScaleIsEverySecondPixel) {
  for (const auto& [w, h] : {std::pair{96, 96}, {97, 33}, {1, 1}, {2, 3}, {5, 64}}) {
    const RidgeFilter filter(random_picture(w, h, 2), kernels::best_backend());
    const Flow flow = constant_flow(cells_of(w), cells_of(h), 110);
    const Field period = constant_period(w, h, 10);
    const Mask whole(cells_of(w), cells_of(h), 1);
    const Field full = filter.filtered(flow, period, whole),
                half = filter.filtered_at_half_scale(flow, period, whole);
    ASSERT_EQ(full.width(), w);
    ASSERT_EQ(full.height(), h);
    ASSERT_EQ(half.width(), (w + 1) / 2);
    ASSERT_EQ(half.height(), (h + 1) / 2);
    for (int y = 0; y < half.height(); ++y) {
      for (int x = 0; x < half.width(); ++x) {
        ASSERT_EQ(half.at(x, y), full.at(2 * x, 2 * y)) << w << " x " << h;
      }
    }
  }
}

// Flow, period and picture all over the place, periods beyond the bank among them.
TEST(RidgeFilter, EveryBackendGivesTheSameField) {
  SeededRandom random(3);
  for (const auto& [w, h] : {std::pair{150, 131}, {33, 200}, {1, 40}, {3, 3}}) {
    const Field picture = random_picture(w, h, 4);
    Flow flow = constant_flow(cells_of(w), cells_of(h), 0);
    Field period = constant_period(w, h, 9);
    Mask mask(cells_of(w), cells_of(h));
    for (std::ptrdiff_t i = 0; i < period.size(); ++i) {
      flow.cosine.cells().data()[i] = static_cast<float>(random.uniform(-1, 1));
      flow.sine.cells().data()[i] = static_cast<float>(random.uniform(-1, 1));
      period.cells().data()[i] = static_cast<float>(std::log(random.uniform(2, 25)));
      mask.cells().data()[i] = random.chance(0.8) ? 1 : 0;
    }
    const RidgeFilter slow(picture, Backend::reference);
    for (const Backend backend : kernels::kBackends) {
      if (!kernels::available(backend)) continue;
      const RidgeFilter fast(picture, backend);
      EXPECT_EQ(fast.filtered(flow, period, mask).cells(),
                slow.filtered(flow, period, mask).cells())
          << kernels::name_of(backend);
      EXPECT_EQ(fast.filtered_at_half_scale(flow, period, mask).cells(),
                slow.filtered_at_half_scale(flow, period, mask).cells())
          << kernels::name_of(backend);
    }
  }
}

// Without being told which way they run.
TEST(RootFilter, RidgesStayAndNoiseGoes) {
  SeededRandom random(5);
  for (const double degrees : {0.0, 25.0, 90.0, 140.0}) {
    const Field clean = grating(kSide, kSide, degrees, 9);
    Field noisy = clean;
    for (float& v : noisy.cells()) v += static_cast<float>(random.normal(0, 1));
    const Field ridges = block_means(clean, 2);
    EXPECT_LT(likeness(ridges, block_means(noisy, 2)), 0.85) << degrees;
    EXPECT_GT(likeness(ridges, root_filtered(noisy, kWhole)), 0.95) << degrees;
  }
}

}  // namespace
}  // namespace whorl::features
