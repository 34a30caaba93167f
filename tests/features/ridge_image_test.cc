#include "engine/features/fingerprint/ridge_image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/random.h"
#include "engine/features/fingerprint/ridge_mask.h"
#include "engine/features/fingerprint/ridge_survey.h"
#include "tests/features/gratings.h"

namespace whorl::features {
namespace {

using testing::kPi;

// Grey of a place in inches, at any resolution.
Image scanned(double width_in, double height_in, double ppi,
              const std::function<double(double, double)>& grey) {
  Image image{static_cast<int>(width_in * ppi),
              static_cast<int>(height_in * ppi),
              1,
              PixelsPerInch{ppi},
              {}};
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < image.width_px; ++x) {
      image.samples.push_back(
          static_cast<std::uint8_t>(std::lround(grey((x + 0.5) / ppi, (y + 0.5) / ppi))));
    }
  }
  return image;
}

TEST(At500Ppi, EveryPlaceStaysWhereItIs) {
  const auto waves = [](double x, double y) {
    return 128 + 90 * std::sin(2 * kPi * 40 * x) * std::cos(2 * kPi * 30 * y);  // 12 px and more
  };
  for (const double ppi : {250.0, 350.0, 500.0, 569.0, 1000.0, 1200.0}) {
    const auto grey = at_500_ppi(scanned(0.4, 0.3, ppi, waves), PixelsPerInch{ppi});
    ASSERT_TRUE(grey) << ppi;
    EXPECT_NEAR(grey->width(), 200, 1) << ppi;
    EXPECT_NEAR(grey->height(), 150, 1) << ppi;
    for (int y = 8; y < 140; ++y) {
      for (int x = 8; x < 190; ++x) {
        ASSERT_NEAR(grey->at(x, y), waves((x + 0.5) / 500, (y + 0.5) / 500), 14) << ppi;
      }
    }
  }
}

// At 1000 ppi, waves of 1.3 px of the result: what is not smoothed away comes back as a pattern.
TEST(At500Ppi, WhatIsFinerThanAPixelDoesNotComeBack) {
  const auto fine = [](double x, double) { return 128 + 100 * std::sin(2 * kPi * 385 * x); };
  const auto grey = at_500_ppi(scanned(0.3, 0.1, 1000, fine), PixelsPerInch{1000});
  ASSERT_TRUE(grey);
  for (int x = 4; x < 146; ++x) EXPECT_NEAR(grey->at(x, 20), 128, 20) << x;
}

TEST(At500Ppi, ColourBecomesItsLuminance) {
  const Image image{2, 1, 3, PixelsPerInch{500}, {255, 0, 0, 10, 20, 30}};
  const auto grey = at_500_ppi(image, PixelsPerInch{500});
  ASSERT_TRUE(grey);
  EXPECT_NEAR(grey->at(0, 0), 0.299F * 255, 0.01F);
  EXPECT_NEAR(grey->at(1, 0), 0.299F * 10 + 0.587F * 20 + 0.114F * 30, 0.01F);
}

Field noisy_ridges(int side = 160) {
  Field grey = testing::grating(side, side, 30, 9);
  SeededRandom random(4);
  for (float& v : grey.cells()) v = 128 - 50 * v + static_cast<float>(random.normal(0, 4));
  return grey;
}

TEST(Normalised, RidgesAreDarkAndBecomePositive) {
  const Field ridges = testing::grating(160, 160, 30, 9), normal = normalised(noisy_ridges());
  for (int y = 20; y < 140; ++y) {
    for (int x = 20; x < 140; ++x) {
      EXPECT_LE(std::abs(normal.at(x, y)), kClip);
      if (std::abs(ridges.at(x, y)) < 0.5F) continue;
      EXPECT_GT(normal.at(x, y) * ridges.at(x, y), 0);
    }
  }
}

// Twice the light, half the contrast: ridges look alike but for the floor.
TEST(Normalised, LightAndContrastGo) {
  const Field strong = noisy_ridges();
  Field faint = strong;
  for (int y = 0; y < faint.height(); ++y) {
    for (int x = 0; x < faint.width(); ++x) {
      faint.at(x, y) = 0.5F * faint.at(x, y) + 60 + 0.2F * static_cast<float>(x);
    }
  }
  const Field a = normalised(strong), b = normalised(faint);
  for (int y = 20; y < 140; ++y) {
    for (int x = 20; x < 140; ++x) EXPECT_NEAR(a.at(x, y), b.at(x, y), 0.2F);
  }
}

TEST(Normalised, AnEmptyPlatenStaysNearZero) {
  Field platen(120, 120);
  SeededRandom random(4);
  for (float& v : platen.cells()) v = 230 + static_cast<float>(random.normal(0, 0.3));
  const Field grainy = normalised(platen), even = normalised(Field(50, 50, 77));
  for (const float v : grainy.cells()) EXPECT_LT(std::abs(v), 0.8F);
  for (const float v : even.cells()) EXPECT_NEAR(v, 0, 1e-3F);
}

Mask random_mask(int width, int height, double share, std::uint64_t seed) {
  SeededRandom random(seed);
  Mask mask(width, height);
  for (std::uint8_t& cell : mask.cells()) cell = random.chance(share) ? 1 : 0;
  return mask;
}

bool any_within(const Mask& mask, int x, int y, int cells, std::uint8_t value) {
  for (int dy = -cells; dy <= cells; ++dy) {
    for (int dx = -cells; dx <= cells; ++dx) {
      if (dx * dx + dy * dy > cells * cells + 1 || !mask.contains(x + dx, y + dy)) continue;
      if (mask.at(x + dx, y + dy) == value) return true;
    }
  }
  return false;
}

TEST(RidgeMask, GrowsAndShrinksByADisc) {
  for (const auto& [w, h] : {std::pair{1, 1}, {2, 7}, {40, 1}, {31, 23}}) {
    for (const int cells : {1, 2, 3, 5}) {
      const Mask few = random_mask(w, h, 0.03, 1), many = random_mask(w, h, 0.97, 2);
      const Mask grown = dilated(few, cells), shrunk = eroded(many, cells);
      for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
          ASSERT_EQ(grown.at(x, y), any_within(few, x, y, cells, 1) ? 1 : 0) << cells;
          ASSERT_EQ(shrunk.at(x, y), any_within(many, x, y, cells, 0) ? 0 : 1) << cells;
        }
      }
    }
  }
}

// Ridges in a disc about the middle, `out` elsewhere.
template <typename Out>
Field disc(int side, double radius, const Out& out) {
  Field grey = noisy_ridges(side);
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (std::hypot(x - side / 2, y - side / 2) > radius) grey.at(x, y) = out();
    }
  }
  return grey;
}

// On an empty platen the mask is the disc and at most a margin about it.
TEST(RidgeMask, FindsWhereRidgesAre) {
  constexpr int kSide = 320, kMiddle = kSide / 2;
  const Field grey = disc(kSide, 90, [] { return 178.0F; });  // as valleys are
  const Mask mask = loose_mask(structure_tensor(normalised(grey), 1));
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) {
      const double away = std::hypot(kCellPx * x + 1.5 - kMiddle, kCellPx * y + 1.5 - kMiddle);
      if (away > 85 && away < 120) continue;
      EXPECT_EQ(mask.at(x, y), away < 100 ? 1 : 0) << x << ", " << y;
    }
  }
}

Mask strict_mask_of(const Field& grey) {
  const Survey survey = survey_of(grey);
  const RidgeFilter filter(survey.normal, kernels::best_backend());
  return clear_ridges(survey, filter, {survey.flow, survey.period.log_px}).mask;
}

// The corners of a close cut are small gaps. Paper leaves them open; what is as dark as ink or as
// uneven as ridges belongs to the print.
TEST(RidgeMask, LeavesGapsAtTheEdgeOpenWhereTheyAreGround) {
  constexpr int kSide = 240, kLast = kSide / kCellPx - 1;
  SeededRandom random(3);
  const auto cut = [&](double mean, double sd) {
    return strict_mask_of(
        disc(kSide, 130, [&] { return static_cast<float>(random.normal(mean, sd)); }));
  };
  const Mask paper = cut(190, 5), ink = cut(60, 5), smudge = cut(130, 50);
  for (const auto& [x, y] : {std::pair{0, 0}, {kLast, 0}, {0, kLast}, {kLast, kLast}}) {
    EXPECT_EQ(paper.at(x, y), 0) << x << ", " << y;
    EXPECT_EQ(ink.at(x, y), 1) << x << ", " << y;
    EXPECT_EQ(smudge.at(x, y), 1) << x << ", " << y;
  }
  EXPECT_EQ(paper.at(kLast / 2, kLast / 2), 1);
}

}  // namespace
}  // namespace whorl::features
