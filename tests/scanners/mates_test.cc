// Holds simulated prints to the statistics of real ones (docs/simulation.md), measured from the
// templates alone. A bound is the real range, widened by what 40 fingers can err.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "scanners/simulated/people.h"
#include "tests/scanners/print_statistics.h"

namespace whorl::scanners {
namespace {

using testing::Alignment;
using testing::best_alignment;
using testing::Spread;
using testing::Tolerance;

// Captures of one finger each of many people.
std::vector<std::vector<FingerTemplate>> captures(int people, int each,
                                                  const CaptureConditions& conditions = {}) {
  std::vector<std::vector<FingerTemplate>> made;
  for (int p = 0; p < people; ++p) {
    const Person person = Population(20).person(static_cast<std::uint64_t>(p));
    const auto position = static_cast<FingerPosition>(1 + p % 10);
    const MasterFinger finger = person.finger(position);
    auto& own = made.emplace_back();
    for (int c = 0; c < each; ++c) {
      SeededRandom random = person.moment(position, static_cast<std::uint64_t>(c));
      own.push_back(capture(finger, conditions, random));
    }
  }
  return made;
}

TEST(SimulatedPrints, CountSpacingAndKindsAreThoseOfRealPrints) {
  Spread count, neighbour, least_neighbour, ending;
  for (const auto& finger : captures(500, 2)) {
    for (const FingerTemplate& print : finger) {
      count.add(static_cast<double>(print.minutiae.size()));
      double least = 1e9;
      for (std::size_t i = 0; i < print.minutiae.size(); ++i) {
        const double nearest = testing::nearest_neighbour_px(print, i);
        neighbour.add(nearest);
        least = std::min(least, nearest);
        ending.add(print.minutiae[i].kind == MinutiaKind::ending ? 1 : 0);
      }
      least_neighbour.add(least);
    }
  }
  EXPECT_NEAR(count.mean(), 36, 4);
  EXPECT_NEAR(count.sd(), 11, 2);
  EXPECT_GE(count.least(), kFewestSeen);
  EXPECT_LE(count.most(), kMostSeen);
  EXPECT_NEAR(neighbour.mean(), 22, 1.5);
  EXPECT_GE(least_neighbour.least(), 4);  // 5 px between detections, less rounding
  EXPECT_GE(ending.mean(), 0.59);
  EXPECT_LE(ending.mean(), 0.68);
}

TEST(SimulatedPrints, PlacesQualitiesAndDirectionsAreValid) {
  for (const auto& finger : captures(200, 2)) {
    for (const FingerTemplate& print : finger) {
      EXPECT_LE(print.quality.value, 100);
      EXPECT_TRUE(print.codes.empty());
      for (const Minutia& m : print.minutiae) {
        EXPECT_GE(m.x_px, 0);
        EXPECT_GE(m.y_px, 0);
        EXPECT_LT(m.x_px, CaptureConditions{}.platen_width.value());
        EXPECT_LT(m.y_px, CaptureConditions{}.platen_height.value());
        EXPECT_GE(m.quality, 1);
        EXPECT_LE(m.quality, 100);
      }
    }
  }
}

// Directions are not uniform: doubled, they have a mean of 0.30 .. 0.48 on the four FVC2002 sets,
// against 0.15 of as many uniform ones; and neighbours agree on more than the line they lie on.
TEST(SimulatedPrints, DirectionsFollowTheFlow) {
  Spread axial, neighbours;
  for (const auto& finger : captures(300, 1)) {
    const auto& minutiae = finger.front().minutiae;
    double cosine = 0, sine = 0;
    for (const Minutia& m : minutiae) {
      cosine += std::cos(2 * m.direction.radians());
      sine += std::sin(2 * m.direction.radians());
      const auto nearest = std::ranges::min_element(minutiae, {}, [&](const Minutia& n) {
        return &n == &m ? 1e9 : std::hypot(n.x_px - m.x_px, n.y_px - m.y_px);
      });
      neighbours.add(std::cos(m.direction.radians() - nearest->direction.radians()));
    }
    axial.add(std::hypot(cosine, sine) / static_cast<double>(minutiae.size()));
  }
  EXPECT_GE(axial.mean(), 0.28);
  EXPECT_LE(axial.mean(), 0.50);
  EXPECT_GE(neighbours.mean(), 0.05);
}

TEST(Mates, ShareMoveAndBendAsRealOnesDo) {
  constexpr Tolerance kTolerance{12, 20};
  Spread shared, x, angle, turn, shift_x, shift_y;
  for (const auto& finger : captures(120, 2)) {
    const FingerTemplate &a = finger[0], &b = finger[1];
    const Alignment found = best_alignment(a, b, kTolerance);
    const auto smaller = static_cast<double>(std::min(a.minutiae.size(), b.minutiae.size()));
    shared.add(static_cast<double>(found.pairs.size()) / smaller);
    if (static_cast<double>(found.pairs.size()) < 0.45 * smaller) continue;  // not surely aligned
    double ax = 0, ay = 0;
    for (const testing::Pair& p : found.pairs) {
      const Minutia &m = a.minutiae[p.a], &n = b.minutiae[p.b];
      x.add(n.x_px - found.rigid.x(m));
      x.add(n.y_px - found.rigid.y(m));
      angle.add(std::remainder(testing::turn_degrees(m, n) - found.rigid.degrees(), 360));
      ax += m.x_px, ay += m.y_px;
    }
    Minutia middle;
    middle.x_px = static_cast<std::int16_t>(ax / static_cast<double>(found.pairs.size()));
    middle.y_px = static_cast<std::int16_t>(ay / static_cast<double>(found.pairs.size()));
    turn.add(found.rigid.degrees());
    shift_x.add(found.rigid.x(middle) - middle.x_px);
    shift_y.add(found.rigid.y(middle) - middle.y_px);
  }
  EXPECT_GE(shared.mean(), 0.60);
  EXPECT_LE(shared.mean(), 0.74);
  EXPECT_GE(shared.sd(), 0.06);  // some mates share little
  EXPECT_GE(x.sd(), 2.8);
  EXPECT_LE(x.sd(), 3.9);
  EXPECT_NEAR(angle.sd(), 6, 1);
  EXPECT_GE(turn.sd(), 11.5);
  EXPECT_LE(turn.sd(), 17.5);
  EXPECT_GE(shift_x.sd(), 30);
  EXPECT_LE(shift_x.sd(), 60);
  EXPECT_GE(shift_y.sd(), 30);
  EXPECT_LE(shift_y.sd(), 60);
}

// The best of all rigid motions finds 6.0 .. 8.6 chance matches on the four FVC2002 sets, at most
// 16. Prints that gave fewer would make every accuracy figure too good.
TEST(Strangers, AgreeByChanceAsOftenAsRealOnesDo) {
  const auto fingers = captures(80, 1);
  Spread chance;
  for (std::size_t i = 0; i < fingers.size(); ++i) {
    for (std::size_t step = 1; step <= 3; ++step) {
      const FingerTemplate& other = fingers[(i + step) % fingers.size()].front();
      const Alignment found = best_alignment(fingers[i].front(), other, {12, 20});
      chance.add(static_cast<double>(found.pairs.size()));
    }
  }
  EXPECT_GE(chance.mean(), 5.5);
  EXPECT_LE(chance.mean(), 9.0);
  EXPECT_LE(chance.most(), 18);
}

TEST(Capture, OfWorseQualityAgreesLess) {
  CaptureConditions good, bad;
  good.quality_mean = 85, bad.quality_mean = 40;
  const auto shared = [](const CaptureConditions& conditions) {
    Spread share;
    for (const auto& finger : captures(40, 2, conditions)) {
      const Alignment found = best_alignment(finger[0], finger[1], {12, 20});
      share.add(
          static_cast<double>(found.pairs.size()) /
          static_cast<double>(std::min(finger[0].minutiae.size(), finger[1].minutiae.size())));
    }
    return share.mean();
  };
  EXPECT_GT(shared(good), shared(bad) + 0.1);
}

TEST(Capture, WithoutTroubleOnlyMovesTheFinger) {
  CaptureConditions still;
  still.turn_sd_degrees = still.shift_sd_px = still.contact_shift_sd = still.contact_size_sd = 0;
  still.stretch_sd = still.wave_px = still.jitter_px = still.direction_sd_degrees = 0;
  still.lost = still.spurious = still.kind_flipped = 0;
  const MasterFinger finger = Population(2).person(0).finger(FingerPosition::right_index);
  SeededRandom random(1);
  const FingerTemplate print = capture(finger, still, random);
  EXPECT_GE(print.minutiae.size(), 12U);
  for (const Minutia& m : print.minutiae) {
    EXPECT_EQ(std::ranges::count_if(finger.minutiae,
                                    [&](const MasterMinutia& n) {
                                      return std::hypot(n.at.x_px + 200 - 0.5F - m.x_px,
                                                        n.at.y_px + 250 - 0.5F - m.y_px) < 1 &&
                                             n.kind == m.kind;
                                    }),
              1);
  }
}

TEST(Capture, OfASmallContactSeesFewer) {
  CaptureConditions partial;
  partial.contact_size = 0.6;
  Spread whole_count, partial_count;
  for (const auto& finger : captures(60, 1)) {
    whole_count.add(static_cast<double>(finger.front().minutiae.size()));
  }
  for (const auto& finger : captures(60, 1, partial)) {
    partial_count.add(static_cast<double>(finger.front().minutiae.size()));
  }
  EXPECT_LT(partial_count.mean(), 0.6 * whole_count.mean());
  EXPECT_GE(partial_count.least(), 1);
}

}  // namespace
}  // namespace whorl::scanners
