#include "engine/features/fingerprint/skeleton_minutiae.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_lines.h"
#include "tests/features/gratings.h"

namespace whorl::features {
namespace {

using testing::constant_flow;
using testing::grating;
using testing::kPi;

constexpr int kSide = 160, kCells = kSide / kCellPx;
constexpr double kPeriodPx = 9;

struct Place {
  double x = 0, y = 0;
};

// Ridges along `degrees` (anticlockwise as seen) into which one more comes from that side at the
// place: a grating plus one turn of phase around it. With a ridge on the axis an ending, with a
// valley there a fork; both point where the new line is.
Field with_minutia(Place at, double degrees, MinutiaKind kind) {
  Field field(kSide, kSide);
  const double c = std::cos(degrees * kPi / 180), s = -std::sin(degrees * kPi / 180);
  const double on_axis = kind == MinutiaKind::ending ? 0 : kPi;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double dx = x - at.x, dy = y - at.y;
      const double u = c * dx + s * dy, v = c * dy - s * dx;
      const double phase = 2 * kPi * v / kPeriodPx + std::atan2(v, u) + on_axis;
      field.at(x, y) = static_cast<float>(std::cos(phase));
    }
  }
  return field;
}

std::vector<FoundMinutia> found_in(const Field& filtered, const Flow& flow, const Mask& mask) {
  const Field quality(kCells, kCells, 0.8F);
  Bitmap skeleton = thinned(binarised(filtered, mask));
  tidy(skeleton, flow);
  return minutiae_of({skeleton, filtered, flow, mask, quality});
}

std::vector<FoundMinutia> found_in(const Field& filtered, double degrees) {
  return found_in(filtered, constant_flow(kCells, kCells, -degrees), Mask(kCells, kCells, 1));
}

double turn_degrees(const FoundMinutia& m, double degrees) {
  return std::abs(
      std::remainder(static_cast<double>(m.direction_radians) * 180 / kPi - degrees, 360));
}

double distance_px(const FoundMinutia& m, Place at) {
  return std::hypot(static_cast<double>(m.x_px) - at.x, static_cast<double>(m.y_px) - at.y);
}

// A trace of 12 px between whole pixels is 2 to 4 degrees off, and it has the larger say.
void expect_the_one(MinutiaKind kind, double most_px) {
  for (double degrees = 0; degrees < 360; degrees += 15) {
    for (const Place at : {Place{80, 80}, Place{71.5, 86.25}}) {
      const auto found = found_in(with_minutia(at, degrees, kind), degrees);
      ASSERT_EQ(found.size(), 1U) << degrees << " degrees";
      EXPECT_EQ(found[0].kind, kind) << degrees << " degrees";
      EXPECT_LT(turn_degrees(found[0], degrees), 6) << degrees << " degrees";
      EXPECT_LT(distance_px(found[0], at), most_px) << degrees << " degrees";
      EXPECT_NEAR(found[0].quality, 0.8F, 1e-3F);
    }
  }
}

TEST(MinutiaeOf, FindsAnEndingWithItsPlaceAndDirection) { expect_the_one(MinutiaKind::ending, 4); }
TEST(MinutiaeOf, FindsAForkWithItsPlaceAndDirection) {
  expect_the_one(MinutiaKind::bifurcation, 5);
}

// Ink or pressure can close an ending into a fork; place and direction must not care.
TEST(MinutiaeOf, AnEndingThatBecomesAForkStaysWhereItWas) {
  for (double degrees = 0; degrees < 360; degrees += 20) {
    Field ridges = with_minutia({80, 80}, degrees, MinutiaKind::ending);
    const auto ending = found_in(ridges, degrees);
    for (float& v : ridges.cells()) v = -v;
    const auto fork = found_in(ridges, degrees);
    ASSERT_EQ(ending.size(), 1U);
    ASSERT_EQ(fork.size(), 1U);
    EXPECT_NE(ending[0].kind, fork[0].kind);
    EXPECT_LT(turn_degrees(fork[0], static_cast<double>(ending[0].direction_radians) * 180 / kPi),
              5);
    EXPECT_LT(distance_px(fork[0], {static_cast<double>(ending[0].x_px),
                                    static_cast<double>(ending[0].y_px)}),
              5);
  }
}

TEST(MinutiaeOf, StraightRidgesHaveNone) {
  for (double degrees = 0; degrees < 180; degrees += 7) {
    EXPECT_TRUE(found_in(grating(kSide, kSide, -degrees, kPeriodPx), degrees).empty()) << degrees;
  }
}

// Where the flow is 90 degrees off, the ridge's own course counts.
TEST(MinutiaeOf, ARidgesOwnCourseOverrulesAWrongFlow) {
  const Field ridges = with_minutia({80, 80}, 20, MinutiaKind::ending);
  const auto found = found_in(ridges, constant_flow(kCells, kCells, -110), Mask(kCells, kCells, 1));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_LT(turn_degrees(found[0], 20), 12);
}

// Ridges end at the mask's edge too; none of that is a minutia.
TEST(MinutiaeOf, NothingIsFoundAtTheMasksEdge) {
  for (const double degrees : {0.0, 30.0, 90.0, 135.0}) {
    Mask disc(kCells, kCells);
    for (int y = 0; y < kCells; ++y) {
      for (int x = 0; x < kCells; ++x) {
        disc.at(x, y) = std::hypot(x - kCells / 2, y - kCells / 2) < 14 ? 1 : 0;
      }
    }
    const Flow flow = constant_flow(kCells, kCells, -degrees);
    EXPECT_TRUE(found_in(grating(kSide, kSide, -degrees, kPeriodPx), flow, disc).empty())
        << degrees;
    const auto one = found_in(with_minutia({80, 80}, degrees, MinutiaKind::ending), flow, disc);
    EXPECT_EQ(one.size(), 1U) << degrees;
  }
}

FoundMinutia minutia(double x, double y, double degrees, MinutiaKind kind = MinutiaKind::ending,
                     double quality = 0.5) {
  return {static_cast<float>(x), static_cast<float>(y), static_cast<float>(degrees * kPi / 180),
          kind, static_cast<float>(quality)};
}

constexpr auto kFork = MinutiaKind::bifurcation;

TEST(FilteredMinutiae, KeepWhatStandsAlone) {
  EXPECT_TRUE(filtered_minutiae({}).empty());
  const auto kept =
      filtered_minutiae({minutia(20, 20, 0), minutia(60, 20, 90), minutia(20, 60, 180, kFork)});
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[2].kind, kFork);
}

// The ends of a ridge that was cut look away from the gap, on its axis.
TEST(FilteredMinutiae, TheTwoEndsOfABrokenRidgeGo) {
  for (double degrees = 0; degrees < 360; degrees += 30) {
    const double dx = 4.5 * std::cos(degrees * kPi / 180),
                 dy = -4.5 * std::sin(degrees * kPi / 180);
    const auto pair = [&](double turn, MinutiaKind kind) {
      return filtered_minutiae({minutia(50 - dx, 50 - dy, degrees + 180 + turn),
                                minutia(50 + dx, 50 + dy, degrees + turn, kind)});
    };
    EXPECT_TRUE(pair(0, MinutiaKind::ending).empty()) << degrees;
    EXPECT_EQ(pair(180, MinutiaKind::ending).size(), 2U) << degrees;  // ridges that pass each other
    EXPECT_EQ(pair(90, MinutiaKind::ending).size(), 2U) << degrees;   // side by side
    EXPECT_EQ(pair(0, kFork).size(), 2U) << degrees;
  }
}

TEST(FilteredMinutiae, OppositePairsAtOnePlaceGo) {
  EXPECT_TRUE(filtered_minutiae({minutia(50, 50, 10), minutia(55, 50, 185, kFork)}).empty());
  EXPECT_EQ(filtered_minutiae({minutia(50, 50, 10), minutia(55, 50, 60, kFork)}).size(), 2U);
  EXPECT_EQ(filtered_minutiae({minutia(50, 50, 10), minutia(62, 50, 185, kFork)}).size(), 2U);
}

TEST(FilteredMinutiae, OfTwoAtOnePlaceTheBetterStays) {
  for (const double first : {0.2, 0.9}) {
    const auto kept = filtered_minutiae(
        {minutia(50, 50, 10, kFork, first), minutia(52, 51, 20, MinutiaKind::ending, 0.5)});
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_FLOAT_EQ(kept[0].quality, static_cast<float>(std::max(first, 0.5)));
  }
}

TEST(FilteredMinutiae, CrowdsGo) {
  std::vector<FoundMinutia> all = {minutia(100, 100, 0)};
  for (const auto& [x, y] : {std::pair{50, 50}, {58, 50}, {50, 58}, {58, 58}}) {
    all.push_back(minutia(x, y, 0));
  }
  EXPECT_EQ(filtered_minutiae(all).size(), 5U);
  all.push_back(minutia(54, 54, 0));
  EXPECT_EQ(filtered_minutiae(all).size(), 1U);
}

}  // namespace
}  // namespace whorl::features
