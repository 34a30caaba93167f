// Extraction of whatever comes: every backend and thread alike, and pictures that show no finger.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/random.h"
#include "engine/features/fingerprint/extract.h"
#include "tests/features/simulated_prints.h"
#include "tests/support/ridge_picture.h"

namespace whorl::features {
namespace {

using testing::agreement;

constexpr ExtractionMode kModes[] = {ExtractionMode::fast, ExtractionMode::accurate};
constexpr PixelsPerInch kPpi{500};

const Image& one_print() {
  static const Image kPrint = testing::simulated_prints(1).front().image;
  return kPrint;
}

Image image_of(int width, int height, const std::function<int(int, int)>& grey) {
  Image image{width, height, 1, kPpi, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.samples.push_back(static_cast<std::uint8_t>(grey(x, y)));
  }
  return image;
}

Image noise(int width, int height) {
  SeededRandom random(static_cast<std::uint64_t>(width * 7 + height));
  return image_of(width, height, [&](int, int) { return static_cast<int>(random.below(256)); });
}

// None where it succeeded.
std::optional<Fault> fault_of(const Result<Extraction>& extraction) {
  return extraction ? std::nullopt : std::optional(extraction.error().fault);
}

void expect_sound(const Image& image, const Extraction& extraction) {
  EXPECT_FALSE(extraction.print.minutiae.empty());
  EXPECT_LE(std::ssize(extraction.print.minutiae), kMaxMinutiaePerTemplate);
  EXPECT_TRUE(extraction.print.codes.empty());
  EXPECT_EQ(extraction.print.position, FingerPosition::unknown);
  EXPECT_EQ(extraction.width_px, image.width_px);
  EXPECT_EQ(extraction.height_px, image.height_px);
  for (const Minutia& m : extraction.print.minutiae) {
    EXPECT_TRUE(m.x_px >= 0 && m.x_px < extraction.width_px) << m.x_px;
    EXPECT_TRUE(m.y_px >= 0 && m.y_px < extraction.height_px) << m.y_px;
    EXPECT_TRUE(m.quality >= 1 && m.quality <= 100) << int{m.quality};
    EXPECT_NE(m.kind, MinutiaKind::other);
  }
}

TEST(ExtractPrint, GivesTheSameTemplateOnEveryBackend) {
  for (const Image& image : {one_print(), test::ridge_picture(201, 163)}) {
    for (const ExtractionMode mode : kModes) {
      const auto expected = extract_print(image, {}, {mode, kernels::Backend::reference});
      ASSERT_TRUE(expected) << describe(expected.error());
      expect_sound(image, *expected);
      for (const kernels::Backend backend : kernels::kBackends) {
        if (!kernels::available(backend)) continue;
        const auto extraction = extract_print(image, {}, {mode, backend});
        ASSERT_TRUE(extraction) << describe(extraction.error());
        EXPECT_EQ(extraction->print, expected->print) << kernels::name_of(backend);
      }
    }
  }
}

TEST(ExtractPrint, SixteenThreadsAtOnceGiveWhatOneGives) {
  const auto expected = extract_print(one_print());
  ASSERT_TRUE(expected);
  std::vector<Result<Extraction>> all(16, fail(Fault::cancelled));
  std::vector<std::thread> threads;
  for (Result<Extraction>& mine : all) {
    threads.emplace_back([&mine] { mine = extract_print(one_print()); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Result<Extraction>& mine : all) {
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->print, expected->print);
  }
}

TEST(ExtractPrint, ATraceShowsEveryStepAndChangesNothing) {
  for (const ExtractionMode mode : kModes) {
    ExtractionTrace trace;
    const auto traced = extract_print(one_print(), {}, {mode}, &trace);
    const auto plain = extract_print(one_print(), {}, {mode});
    ASSERT_TRUE(traced && plain);
    EXPECT_EQ(traced->print, plain->print);
    EXPECT_EQ(trace.ways.size(), mode == ExtractionMode::fast ? 0U : 2U);
    EXPECT_EQ(trace.grey.width(), one_print().width_px);
    EXPECT_EQ(trace.skeleton.height(), one_print().height_px);
    EXPECT_GE(trace.found.size(), trace.kept.size());
    EXPECT_FALSE(trace.kept.empty());
  }
}

TEST(ExtractPrint, GuessesNoResolution) {
  Image image = one_print();
  image.ppi.reset();
  EXPECT_EQ(fault_of(extract_print(image)), Fault::bad_resolution);
  const auto told = extract_print(image, kPpi), known = extract_print(one_print());
  ASSERT_TRUE(told && known);
  EXPECT_EQ(told->print, known->print);
  image.ppi = PixelsPerInch{1000};  // what its file says is overruled
  const auto overruled = extract_print(image, kPpi);
  ASSERT_TRUE(overruled);
  EXPECT_EQ(overruled->print, known->print);
}

TEST(ExtractPrint, RefusesResolutionsThatNoScannerHas) {
  for (const double ppi :
       {0.0, -500.0, 98.9, 1200.5, 1e300, std::numeric_limits<double>::quiet_NaN(),
        std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(fault_of(extract_print(one_print(), PixelsPerInch{ppi})), Fault::bad_resolution)
        << ppi;
  }
}

TEST(ExtractPrint, RefusesPicturesWithoutPixelsAndWithoutSamples) {
  EXPECT_EQ(fault_of(extract_print({}, kPpi)), Fault::empty_input);
  for (const auto& [w, h] : {std::pair{0, 9}, {9, 0}, {-9, 9}, {-9, -9}}) {
    EXPECT_EQ(fault_of(extract_print({w, h, 1, kPpi, {}})), Fault::empty_input);
  }
  Image short_of_one = one_print(), one_too_many = short_of_one, colour = short_of_one;
  short_of_one.samples.pop_back();
  one_too_many.samples.push_back(0);
  colour.channels = 3;
  for (const Image& image : {short_of_one, one_too_many, colour}) {
    EXPECT_EQ(fault_of(extract_print(image)), Fault::length_mismatch);
  }
}

TEST(ExtractPrint, RefusesMoreThanAFingersPixels) {
  const Image card{2001, 2000, 1, kPpi, std::vector<std::uint8_t>(2001 * 2000)};
  EXPECT_EQ(fault_of(extract_print(card)), Fault::limit_exceeded);
  const Image coarse{1000, 1000, 1, PixelsPerInch{200}, std::vector<std::uint8_t>(1000 * 1000)};
  EXPECT_EQ(fault_of(extract_print(coarse)), Fault::limit_exceeded);
}

// A strip of few pixels can still be wider than a minutia's coordinate counts.
TEST(ExtractPrint, RefusesASideThatNoCoordinateReaches) {
  Image strip = noise(20'000, 7);
  strip.ppi = PixelsPerInch{99};
  EXPECT_EQ(fault_of(extract_print(strip)), Fault::limit_exceeded);
  const auto widest = extract_print(noise(16'383, 40));
  ASSERT_TRUE(widest) << describe(widest.error());
  for (const Minutia& m : widest->print.minutiae) EXPECT_GE(m.x_px, 0);
}

TEST(ExtractPrint, RefusesChannelsThatAreNeitherGreyNorColour) {
  for (const int channels : {-1, 0, 2, 4}) {
    Image image = one_print();
    image.channels = channels;
    image.samples.resize(image.samples.size() * static_cast<std::size_t>(std::max(0, channels)));
    EXPECT_EQ(fault_of(extract_print(image)), Fault::unsupported) << channels;
  }
}

// Ten crops of prints side by side hold more minutiae than a template does.
TEST(ExtractPrint, KeepsTheBestWhereThereAreTooMany) {
  const auto prints = testing::simulated_prints(5);
  const Image crops = image_of(1000, 1000, [&](int x, int y) {
    const Image& print = prints[static_cast<std::size_t>(x / 200)].image;
    return print.samples[static_cast<std::size_t>((y % 250 + 130) * 400 + x % 200 + 100)];
  });
  ExtractionTrace trace;
  const auto extraction = extract_print(crops, {}, {ExtractionMode::fast}, &trace);
  ASSERT_TRUE(extraction);
  const std::vector<FoundMinutia>& kept = trace.kept;
  ASSERT_GT(kept.size(), 2U * kMaxMinutiaePerTemplate);
  ASSERT_EQ(extraction->print.minutiae.size(), std::size_t{kMaxMinutiaePerTemplate});
  int least = 100;
  for (const Minutia& m : extraction->print.minutiae) least = std::min<int>(least, m.quality);
  const auto better = std::count_if(kept.begin(), kept.end(), [&](const FoundMinutia& m) {
    return 100 * m.quality > static_cast<float>(least) + 0.5F;
  });
  EXPECT_LE(better, kMaxMinutiaePerTemplate);
}

TEST(ExtractPrint, ColourCountsAsItsGrey) {
  Image colour = one_print();
  colour.channels = 3, colour.samples.clear();
  for (const std::uint8_t s : one_print().samples)
    colour.samples.insert(colour.samples.end(), 3, s);
  const auto of_colour = extract_print(colour), of_grey = extract_print(one_print());
  ASSERT_TRUE(of_colour && of_grey);
  EXPECT_GT(agreement(of_colour->print.minutiae, of_grey->print.minutiae, 2, 5), 0.97);
}

TEST(ExtractPrint, AnEvenPictureShowsNoFinger) {
  for (const int grey : {0, 1, 128, 255}) {
    for (const auto& [w, h] : {std::pair{1, 1}, {2, 2}, {1, 5}, {16, 16}, {300, 200}}) {
      for (const ExtractionMode mode : kModes) {
        const auto none = extract_print(image_of(w, h, [&](int, int) { return grey; }), {}, {mode});
        ASSERT_FALSE(none) << grey << ", " << w << " x " << h;
        EXPECT_EQ(none.error().fault, Fault::no_minutiae);
      }
    }
  }
}

// One grey level of unevenness is the scanner's, no finger's.
TEST(ExtractPrint, AShadeShowsNoFinger) {
  const Image shade = image_of(300, 300, [](int x, int y) { return 100 + x / 4 + y / 8; });
  const auto none = extract_print(shade);
  ASSERT_FALSE(none) << none->print.minutiae.size();
  EXPECT_EQ(none.error().fault, Fault::no_minutiae);
}

TEST(ExtractPrint, AnyShapeOfNoiseIsSurvived) {
  for (const auto& [w, h] : {std::pair{1, 1},
                             {1, 2},
                             {2, 1},
                             {2, 2},
                             {3, 3},
                             {4, 4},
                             {5, 5},
                             {7, 31},
                             {16, 16},
                             {31, 33},
                             {63, 65},
                             {1, 3000},
                             {2, 1500},
                             {3000, 1},
                             {1500, 3},
                             {64, 64},
                             {17, 700},
                             {257, 129}}) {
    for (const ExtractionMode mode : kModes) {
      const Image image = noise(w, h);
      const auto extraction = extract_print(image, {}, {mode});
      if (extraction) {
        expect_sound(image, *extraction);
      } else {
        EXPECT_EQ(extraction.error().fault, Fault::no_minutiae) << w << " x " << h;
      }
      for (const double ppi : {99.0, 137.5, 1200.0}) {
        const auto other = extract_print(image, PixelsPerInch{ppi}, {mode});
        EXPECT_TRUE(other || other.error().fault == Fault::no_minutiae) << w << " x " << h;
      }
    }
  }
}

TEST(ExtractPrint, StraightStripesHaveHardlyAMinutia) {
  for (const int period : {6, 9, 12}) {
    const Image stripes = image_of(
        300, 300, [&](int x, int y) { return (x + 2 * y) % (2 * period) < period ? 40 : 210; });
    const auto extraction = extract_print(stripes);
    if (extraction) { EXPECT_LT(extraction->print.minutiae.size(), 12U) << period; }
  }
}

// A page of writing: lines of words of strokes.
TEST(ExtractPrint, TextIsSurvived) {
  SeededRandom random(9);
  Image page = image_of(400, 400, [](int, int) { return 240; });
  for (int line = 10; line < 380; line += 18) {
    for (int x = 10; x < 380; x += 6) {
      if (random.chance(0.15)) continue;
      for (int y = line; y < line + 11; ++y) {
        const int at = x + static_cast<int>(random.below(4));
        page.samples[static_cast<std::size_t>(y * 400 + at)] = 20;
        page.samples[static_cast<std::size_t>(y * 400 + at + 1)] = 20;
      }
    }
  }
  const auto extraction = extract_print(page);
  if (extraction) expect_sound(page, *extraction);
}

}  // namespace
}  // namespace whorl::features
