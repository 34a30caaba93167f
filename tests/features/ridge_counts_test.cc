#include "engine/features/fingerprint/ridge_counts.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "engine/base/random.h"
#include "engine/features/fingerprint/extract.h"
#include "tests/features/gratings.h"
#include "tests/features/simulated_prints.h"

namespace whorl::features {
namespace {

using testing::kPi;

constexpr int kSide = 240;
constexpr double kPeriodPx = 9;

Minutia minutia(double x, double y, double degrees, MinutiaKind kind = MinutiaKind::bifurcation) {
  const long steps = std::lround(degrees * Direction::kStepsPerTurn / 360);
  return {static_cast<std::int16_t>(std::lround(x)), static_cast<std::int16_t>(std::lround(y)),
          Direction(static_cast<std::uint8_t>(steps & 0xFF)), kind};
}

// So far from the middle, along and across ridges that run at `degrees`, anticlockwise as seen.
Minutia apart(double along, double across, double degrees, MinutiaKind kind) {
  const double c = std::cos(degrees * kPi / 180), s = -std::sin(degrees * kPi / 180);
  return minutia(kSide / 2 + along * c - across * s, kSide / 2 + along * s + across * c, degrees,
                 kind);
}

// The ridges that both ways between the two tell of; -1 where they differ or one is missing.
int ridges_between(const Minutia& a, const Minutia& b, const Field& filtered) {
  std::multiset<int> told;
  for (const RidgesBetween& r : ridge_counts_of({a, b}, filtered, Sectors::octants)) {
    if (r.to) told.insert(r.ridges);
  }
  return told.size() == 2 && *told.begin() == *told.rbegin() ? *told.begin() : -1;
}

// Ridges at whole periods from the middle.
Field ridges_at(double degrees) {
  Field field(kSide, kSide);
  const double c = std::cos(degrees * kPi / 180), s = -std::sin(degrees * kPi / 180);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double across = c * (y - kSide / 2) - s * (x - kSide / 2);
      field.at(x, y) = static_cast<float>(std::cos(2 * kPi * across / kPeriodPx));
    }
  }
  return field;
}

TEST(RidgeCounts, OfParallelRidgesThoseThatLieBetween) {
  constexpr auto kFork = MinutiaKind::bifurcation;
  for (double degrees = 0; degrees < 360; degrees += 7) {
    const Field ridges = ridges_at(degrees);
    for (int periods = 1; periods <= 8; ++periods) {
      SCOPED_TRACE(::testing::Message() << degrees << " degrees, " << periods << " periods");
      const double way = periods * kPeriodPx;
      const Minutia on_ridge = apart(0, 0, degrees, kFork), valley = apart(0, 4.5, degrees, kFork);
      // Both on ridges, which do not count; both in valleys; one of each; and slantwise.
      EXPECT_EQ(ridges_between(on_ridge, apart(0, way, degrees, kFork), ridges), periods - 1);
      EXPECT_EQ(ridges_between(valley, apart(0, 4.5 + way, degrees, kFork), ridges), periods);
      EXPECT_EQ(ridges_between(on_ridge, apart(0, 4.5 - way, degrees, kFork), ridges), periods - 1);
      EXPECT_EQ(ridges_between(on_ridge, apart(40, -way, degrees, kFork), ridges), periods - 1);
    }
    // Along one ridge, and along one valley.
    EXPECT_EQ(ridges_between(apart(-50, 0, degrees, kFork), apart(60, 0, degrees, kFork), ridges),
              0);
    EXPECT_EQ(
        ridges_between(apart(-50, 4.5, degrees, kFork), apart(60, 4.5, degrees, kFork), ridges), 0);
  }
}

// One more ridge comes in from ahead of the middle and ends there.
Field ridge_that_ends(double degrees) {
  Field field(kSide, kSide);
  const double c = std::cos(degrees * kPi / 180), s = -std::sin(degrees * kPi / 180);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double dx = x - kSide / 2, dy = y - kSide / 2;
      const double u = c * dx + s * dy, v = c * dy - s * dx;
      field.at(x, y) = static_cast<float>(std::cos(2 * kPi * v / kPeriodPx + std::atan2(v, u)));
    }
  }
  return field;
}

TEST(RidgeCounts, AnEndingsOwnRidgeDoesNotCount) {
  for (double degrees = 0; degrees < 360; degrees += 7) {
    const Field ridges = ridge_that_ends(degrees);
    // Where the valleys meet, behind the ridge's tip.
    const Minutia ending = apart(-2, 0, degrees, MinutiaKind::ending);
    const auto count = [&](double along, double across) {
      return ridges_between(ending, apart(along, across, degrees, MinutiaKind::other), ridges);
    };
    SCOPED_TRACE(degrees);
    EXPECT_EQ(count(60, 0), 0) << "along its own ridge";
    EXPECT_EQ(count(-60, 0), 0) << "along the valley that goes on";
    for (int n = 1; n <= 6; ++n) {  // beside it valleys lie at a quarter and whole periods
      EXPECT_EQ(count(0, (n + 0.25) * kPeriodPx), n) << n;
      EXPECT_EQ(count(0, -(n + 0.25) * kPeriodPx), n) << n;
    }
    for (int n = 1; n <= 3; ++n) {  // ahead the way leads over it, for the ending lies behind it
      EXPECT_EQ(count(90, (n + 0.45) * kPeriodPx), n) << n;
      EXPECT_EQ(count(90, -(n + 0.45) * kPeriodPx), n) << n;
    }
  }
}

TEST(RidgeCounts, RipplesAreNoRidges) {
  SeededRandom random(5);
  for (double degrees = 0; degrees < 180; degrees += 20) {
    Field ridges = ridges_at(degrees);
    for (float& v : ridges.cells()) v += 0.15F * static_cast<float>(random.uniform()) - 0.075F;
    const auto fork = [&](double along, double across) {
      return apart(along, across, degrees, MinutiaKind::bifurcation);
    };
    EXPECT_EQ(ridges_between(fork(0, 4.5), fork(0, 4.5 + 7 * kPeriodPx), ridges), 7) << degrees;
    EXPECT_EQ(ridges_between(fork(0, 0), fork(0, -5 * kPeriodPx), ridges), 4) << degrees;
  }
  Field nothing = ridges_at(30);
  for (float& v : nothing.cells()) v *= 0.09F;
  EXPECT_EQ(ridges_between(minutia(5, 5, 0), minutia(200, 90, 0), nothing), 0);
}

// To whom each sector leads; -1 where it is empty.
std::vector<int> neighbours(const std::vector<Minutia>& minutiae, Sectors sectors) {
  const Field nothing(kSide, kSide, 0.0F);
  std::vector<int> to;
  for (const RidgesBetween& r : ridge_counts_of(minutiae, nothing, sectors)) {
    if (r.from == 0) to.push_back(r.to ? static_cast<int>(*r.to) : -1);
  }
  return to;
}

TEST(RidgeCounts, SectorsFollowTheMinutiasDirectionAnticlockwise) {
  for (double degrees = 0; degrees < 360; degrees += 45) {
    std::vector<Minutia> minutiae = {minutia(100, 100, degrees)};
    for (int octant = 0; octant < 8; ++octant) {
      const double angle = (degrees + 45 * octant) * kPi / 180;
      minutiae.push_back(minutia(100 + 50 * std::cos(angle), 100 - 50 * std::sin(angle), 0));
    }
    EXPECT_EQ(neighbours(minutiae, Sectors::octants), (std::vector{1, 2, 3, 4, 5, 6, 7, 8}))
        << degrees;
    minutiae = {minutiae[0], minutiae[1], minutiae[3], minutiae[5], minutiae[7]};
    EXPECT_EQ(neighbours(minutiae, Sectors::quadrants), (std::vector{1, 2, 3, 4})) << degrees;
  }
}

TEST(RidgeCounts, TheNearestOfASectorAndOfEquallyNearOnesTheFirst) {
  const std::vector<Minutia> minutiae = {minutia(100, 100, 0),  minutia(130, 100, 0),
                                         minutia(120, 103, 0),  minutia(120, 97, 0),
                                         minutia(100, 100, 90), minutia(60, 100, 0)};
  EXPECT_EQ(neighbours(minutiae, Sectors::quadrants), (std::vector{4, -1, 5, -1}));
  const std::vector<Minutia> apart(minutiae.begin(), minutiae.begin() + 4);
  EXPECT_EQ(neighbours(apart, Sectors::quadrants), (std::vector{2, -1, -1, -1}));
  EXPECT_EQ(neighbours({minutiae[0]}, Sectors::octants), std::vector<int>(8, -1));
  EXPECT_TRUE(neighbours({}, Sectors::octants).empty());
}

TEST(RidgeCounts, AreCountedOfTheTemplatesOwnMinutiaeWhereAskedFor) {
  const Image image = testing::simulated_prints(1).front().image;
  const Extraction plain = extract_print(image).value();
  EXPECT_TRUE(plain.ridge_counts.empty());
  for (const Sectors sectors : {Sectors::quadrants, Sectors::octants}) {
    ExtractionOptions options;
    options.ridge_counts = sectors;
    const Extraction counted = extract_print(image, {}, options).value();
    EXPECT_EQ(counted.print, plain.print);
    const std::size_t minutiae = counted.print.minutiae.size();
    ASSERT_EQ(counted.ridge_counts.size(), minutiae * static_cast<std::size_t>(sectors));
    std::map<std::pair<std::size_t, std::size_t>, int> told;
    int crossed = 0;
    for (const RidgesBetween& r : counted.ridge_counts) {
      if (!r.to) {
        EXPECT_EQ(r.ridges, 0);
        continue;
      }
      ASSERT_LT(*r.to, minutiae);
      ASSERT_NE(*r.to, r.from);
      const Minutia &a = counted.print.minutiae[r.from], &b = counted.print.minutiae[*r.to];
      // No period of ours is below 3.6 px, and an ending lies at most 15 px from its ridge.
      EXPECT_LE(r.ridges, (std::hypot(a.x_px - b.x_px, a.y_px - b.y_px) + 30) / 3.6);
      const auto [pair, is_new] = told.emplace(std::minmax(r.from, *r.to), r.ridges);
      EXPECT_EQ(pair->second, r.ridges);
      crossed += r.ridges > 0 ? 1 : 0;
    }
    EXPECT_GT(crossed, std::ssize(counted.ridge_counts) / 4);
  }
}

}  // namespace
}  // namespace whorl::features
