#include "engine/features/fingerprint/print_quality.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <set>
#include <string>

#include "scanners/simulated/finger_image.h"
#include "tests/features/measured_quality.h"

namespace whorl::features {
namespace {

using scanners::CaptureConditions;
using scanners::ImageConditions;
using test::measured;
using enum QualityFlaw;

constexpr int kNoFinger = 5;  // at most what a picture of something else scores

struct Conditions {
  CaptureConditions capture;
  ImageConditions image;
};

// A finger that is neither dry nor wet and lies well, on a platen of 20 x 25 mm.
Conditions usual() {
  Conditions c;
  c.capture.quality_sd = c.capture.contact_size_sd = 0;
  c.capture.contact_size = 1.2;
  c.capture.turn_sd_degrees = 3;
  c.capture.shift_sd_px = 4;
  c.image.moisture_sd = 0;
  return c;
}

Image print_of(const Conditions& c, std::uint64_t seed = 3) {
  SeededRandom finger_random(seed), capture_random(1000 + seed);
  const auto finger = scanners::make_master_finger(FingerPosition::right_index, finger_random);
  return capture_image(finger, c.capture, c.image, capture_random);
}

using Pixel = std::function<double(int x, int y)>;

Image painted(int width_px, int height_px, const Pixel& grey) {
  Image image;
  image.width_px = width_px, image.height_px = height_px;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      image.samples.push_back(
          static_cast<std::uint8_t>(std::lround(std::clamp(grey(x, y), 0.0, 255.0))));
    }
  }
  return image;
}

Image changed(const Image& image, const Pixel& grey) {
  return painted(image.width_px, image.height_px, grey);
}

double at(const Image& image, int x, int y) {
  x = std::clamp(x, 0, image.width_px - 1), y = std::clamp(y, 0, image.height_px - 1);
  return image.samples[static_cast<std::size_t>(y * image.width_px + x)];
}

// Each pixel from the 3 x 3 around it.
Image around(const Image& image, const std::function<double(double mean, double least)>& grey) {
  return changed(image, [&](int x, int y) {
    double sum = 0, least = 255;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const double v = at(image, x + dx, y + dy);
        sum += v, least = std::min(least, v);
      }
    }
    return grey(sum / 9, least);
  });
}

// Ink that runs: valleys fill, and what is left of them is grainy.
Image soaked(Image image) {
  SeededRandom random(5);
  for (int i = 0; i < 2; ++i) image = around(image, [](double, double least) { return least; });
  return changed(image, [&](int x, int y) { return at(image, x, y) + random.normal(0, 25); });
}

// Wiped this way and that while it was taken.
Image wiped(const Image& image) {
  SeededRandom random(7);
  return changed(image, [&](int x, int y) {
    const double way = x / 50.0 + y / 70.0;
    double sum = 0;
    for (int i = -14; i <= 14; ++i) {
      sum += at(image, x + static_cast<int>(i * std::cos(way)),
                y + static_cast<int>(i * std::sin(way)));
    }
    return sum / 29 + random.normal(0, 15);
  });
}

Image shifted(const Image& image, int by_px) {
  return changed(image, [&](int x, int y) { return x < by_px ? 235 : at(image, x - by_px, y); });
}

Image middle_of(const Image& image, int width_px, int height_px) {
  const int left = (image.width_px - width_px) / 2, top = (image.height_px - height_px) / 2;
  return painted(width_px, height_px, [&](int x, int y) { return at(image, left + x, top + y); });
}

// What a disc in the middle of the picture shows of it.
Image disc_of(const Image& image, double radius_px) {
  return changed(image, [&](int x, int y) {
    const double away = std::hypot(x - image.width_px / 2, y - image.height_px / 2);
    return away < radius_px ? at(image, x, y) : 235;
  });
}

Image bone_dry() {
  Conditions c = usual();
  c.image.moisture_mean = -1;
  c.image.roughness = 0.35;
  return print_of(c);
}

// Barely seen, over a sensor's own grain.
Image faded(const Image& image) {
  SeededRandom random(6);
  return changed(image, [&](int x, int y) {
    return 215 + 0.12 * (at(image, x, y) - 215) + random.normal(0, 15);
  });
}

TEST(PrintQuality, AGoodPrintScoresHighAndHasNoFlaw) {
  for (const std::uint64_t seed : {3U, 4U, 5U}) {
    const PrintQuality q = measured(print_of(usual(), seed)).quality;
    EXPECT_GE(q.score.value, 70) << seed;
    EXPECT_TRUE(q.flaws.empty()) << seed << ": " << text_of(q.flaws.front());
    EXPECT_GT(q.area_mm2, 80) << seed;
    EXPECT_GT(q.contrast_grey, 50) << seed;
  }
}

TEST(PrintQuality, NamesWhatWasDoneToThePrint) {
  const Image good = print_of(usual());
  const int score = measured(good).quality.score.value;
  const struct {
    const char* what;
    Image image;
    QualityFlaw flaw;
  } rows[] = {
      {"dry", bone_dry(), too_dry},
      {"wet", soaked(good), too_wet},
      {"wiped", wiped(good), smudged},
      {"faded", faded(good), faint},
      {"a small disc", disc_of(good, 70), too_small},
      {"shifted", shifted(good, 190), off_centre},
      {"a small sensor", middle_of(good, 200, 260), cut_off},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const PrintQuality q = measured(row.image).quality;
    EXPECT_LT(q.score.value, score);
    ASSERT_FALSE(q.flaws.empty());
    EXPECT_EQ(q.flaws.front(), row.flaw) << text_of(q.flaws.front());
  }
}

TEST(PrintQuality, NamesAClearPrintWithLittleInIt) {
  ExtractionTrace trace;
  auto extraction = extract_print(print_of(usual()), PixelsPerInch{500}, {}, &trace);
  ASSERT_TRUE(extraction) << describe(extraction.error());
  extraction->print.minutiae.resize(12);
  const PrintQuality q =
      quality_of(trace.grey, trace.survey, trace.ridges, extraction->print.minutiae);
  EXPECT_EQ(q.flaws, std::vector{few_minutiae});
  EXPECT_EQ(q.minutiae, 12);
}

TEST(PrintQuality, FallsAsAFingerDries) {
  int before = 101;
  for (const double moisture : {0.0, -0.5, -1.0}) {
    Conditions c = usual();
    c.image.moisture_mean = moisture;
    const int score = measured(print_of(c)).quality.score.value;
    EXPECT_LT(score, before) << moisture;
    before = score;
  }
}

TEST(PrintQuality, FallsAsLessIsSeen) {
  const Image good = print_of(usual());
  int before = 101;
  for (const double radius_px : {300.0, 90.0, 60.0}) {
    const int score = measured(disc_of(good, radius_px)).quality.score.value;
    EXPECT_LT(score, before) << radius_px;
    before = score;
  }
}

TEST(PrintQuality, LightRidgesAreJudgedLikeDarkOnes) {
  const Image dark = print_of(usual());
  const Image light = changed(dark, [&](int x, int y) { return 255 - at(dark, x, y); });
  const PrintQuality a = measured(dark).quality, b = measured(light).quality;
  EXPECT_NEAR(a.score.value, b.score.value, 2);
  EXPECT_NEAR(a.contrast_grey, b.contrast_grey, 2);
  EXPECT_NEAR(a.dark_share, b.dark_share, 0.02);
}

double wave(double x, double period) { return std::sin(2 * std::numbers::pi * x / period); }

TEST(PrintQuality, OtherPicturesAreNoFingerprints) {
  SeededRandom random(9);
  const auto noise = [&](double mean, double sd) {
    return Pixel([&random, mean, sd](int, int) { return random.normal(mean, sd); });
  };
  // Letters: strokes of 3 px in a cell of 14 x 22.
  const auto letters = [](int x, int y) {
    const int letter = (x / 14) * 7 + (y / 22) * 5, i = x % 14, j = y % 22;
    if (i > 10 || j > 14) return 250.0;
    const bool stroke = (i < 3 && letter % 2 == 0) || (j < 3 && letter % 3 != 0) ||
                        (j > 11 && letter % 5 != 0) || std::abs(i - letter % 8) < 2;
    return stroke ? 20.0 : 250.0;
  };
  // Light and shade as large as a nose, eyes and a mouth.
  const auto face = [&random](int x, int y) {
    const double eyes =
                     std::exp(-(std::pow(std::abs(x - 200) - 70, 2) + std::pow(y - 150, 2)) / 300),
                 mouth = std::exp(-std::pow((x - 200) / 50.0, 2) - std::pow((y - 300) / 9.0, 2));
    const bool head = std::hypot((x - 200) / 150.0, (y - 210) / 190.0) < 1;
    return (head ? 190 - 0.2 * x : 60 + 0.1 * y) - 120 * eyes - 90 * mouth + random.normal(0, 2);
  };
  const struct {
    const char* what;
    Pixel grey;
  } rows[] = {
      {"black", [](int, int) { return 0.0; }},
      {"white", [](int, int) { return 255.0; }},
      {"an empty platen", noise(230, 3)},
      {"noise", noise(128, 50)},
      {"text", letters},
      {"a face", face},
      {"a ramp", [](int x, int) { return 0.6 * x; }},
      {"a grating", [](int x, int y) { return 128 + 90 * wave(0.8 * x + 0.6 * y, 9); }},
      {"rings", [](int x, int y) { return 128 + 90 * wave(std::hypot(x - 200, y - 200), 9); }},
      {"a bar code", [](int x, int) { return (x * x / 37) % 3 == 0 ? 0.0 : 255.0; }},
      {"squares", [](int x, int y) { return (x / 40 + y / 40) % 2 == 0 ? 0.0 : 255.0; }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const PrintQuality q = measured(painted(400, 400, row.grey)).quality;
    EXPECT_LE(q.score.value, kNoFinger);
    EXPECT_EQ(q.flaws, std::vector{not_a_fingerprint});
  }
}

TEST(PrintQuality, PicturesOfAnySizeAreJudged) {
  for (const auto& [width, height] : {std::pair{1, 1}, {3, 200}, {200, 2}, {33, 17}}) {
    const PrintQuality q = measured(painted(width, height, [](int x, int y) {
                             return (x * 31 + y * 17) % 256;
                           })).quality;
    EXPECT_LE(q.score.value, kNoFinger) << width << " x " << height;
    EXPECT_EQ(q.flaws, std::vector{not_a_fingerprint}) << width << " x " << height;
  }
}

TEST(PrintQuality, EveryFlawHasASentenceOfItsOwn) {
  std::set<std::string_view> texts;
  for (int i = 0; i < kQualityFlaws; ++i) {
    const std::string_view text = text_of(static_cast<QualityFlaw>(i));
    ASSERT_GT(text.size(), 20U) << i;
    EXPECT_EQ(text.back(), '.') << i;
    EXPECT_NE(text.find(';'), std::string_view::npos) << i << ": says what is wrong; what to do";
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(kQualityFlaws));
}

}  // namespace
}  // namespace whorl::features
