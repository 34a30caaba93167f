// Holds the ridges of simulated fingers to the flow, the period and the minutiae they were grown
// from, by measuring the picture alone. Figures: docs/simulation.md, Images.
#include "scanners/simulated/ridge_pattern.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "scanners/simulated/people.h"
#include "scanners/simulated/ridge_phase.h"
#include "tests/scanners/ridge_measures.h"

namespace whorl::scanners {
namespace {

using testing::Field;

constexpr float kDegree = std::numbers::pi_v<float> / 180;
constexpr int kFingers = 12;

struct Grown {
  MasterFinger finger;
  RidgePattern pattern;
};

const std::vector<Grown>& grown() {
  static const std::vector<Grown> fingers = [] {
    std::vector<Grown> made;
    for (int n = 0; n < kFingers; ++n) {
      const Person person = Population(20).person(static_cast<std::uint64_t>(n));
      const MasterFinger finger = person.finger(static_cast<FingerPosition>(1 + n % 10));
      made.push_back({finger, grow_ridges(finger)});
    }
    return made;
  }();
  return fingers;
}

bool on_pad(const MasterFinger& finger, FingerPoint at) {
  const float u = at.x_px / finger.contact.half_width_px;
  const float v = at.y_px / finger.contact.half_height_px;
  return u * u + v * v <= 1;
}

float nearest_minutia_px(const RidgePattern& pattern, FingerPoint at) {
  float nearest = 1e9F;
  for (const MasterMinutia& m : pattern.minutiae) {
    nearest = std::min(nearest, std::hypot(m.at.x_px - at.x_px, m.at.y_px - at.y_px));
  }
  return nearest;
}

// Calls visit(grown, field, at) for points of a lattice on every pad.
template <class Visit>
void on_every_pad(float step_px, const Visit& visit) {
  for (const Grown& g : grown()) {
    const Field field = testing::field_of(g.pattern);
    for (float y = -g.finger.contact.half_height_px; y < g.finger.contact.half_height_px;
         y += step_px) {
      for (float x = -g.finger.contact.half_width_px; x < g.finger.contact.half_width_px;
           x += step_px) {
        if (on_pad(g.finger, {x, y})) visit(g, field, FingerPoint{x, y});
      }
    }
  }
}

float quantile(std::vector<float> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

TEST(RidgePattern, FollowsTheFlow) {
  std::vector<float> errors, coherences;
  on_every_pad(11, [&](const Grown& g, const Field& field, FingerPoint at) {
    const auto local = testing::orientation_at(field, at, 8);
    errors.push_back(testing::between_orientations(local.radians, g.finger.flow.orientation(at)) /
                     kDegree);
    coherences.push_back(local.coherence);
  });
  EXPECT_LT(quantile(errors, 0.5), 11);  // 8.7; chance gives 45
  EXPECT_LT(quantile(errors, 0.9), 33);
  EXPECT_GT(quantile(coherences, 0.5), 0.6);
}

TEST(RidgePattern, KeepsTheRidgePeriod) {
  std::vector<float> ratios;
  on_every_pad(17, [&](const Grown& g, const Field& field, FingerPoint at) {
    if (nearest_minutia_px(g.pattern, at) < 8) return;
    const auto local = testing::orientation_at(field, at, 8);
    const float period = testing::period_across(field, at, local.radians, 40);
    if (period > 0) ratios.push_back(period / ridge_period(g.finger, at));
  });
  ASSERT_GT(ratios.size(), 500U);
  EXPECT_NEAR(quantile(ratios, 0.5), 1, 0.06);
  EXPECT_GT(quantile(ratios, 0.05), 0.75);
  EXPECT_LT(quantile(ratios, 0.95), 1.5);
}

TEST(RidgePattern, GainsARidgeAtEveryMinutiaAndNowhereElse) {
  int minutiae = 0, gained = 0, elsewhere = 0, quiet = 0;
  for (const Grown& g : grown()) {
    const Field field = testing::field_of(g.pattern);
    for (const MasterMinutia& m : g.pattern.minutiae) {
      if (!on_pad(g.finger, m.at)) continue;
      ++minutiae;
      const float period = ridge_period(g.finger, m.at);
      if (testing::ridges_gained(field, m.at, m.direction_radians, period, 6) == 1) ++gained;
    }
  }
  on_every_pad(11, [&](const Grown& g, const Field& field, FingerPoint at) {
    if (nearest_minutia_px(g.pattern, at) < 16) return;
    ++elsewhere;
    const auto local = testing::orientation_at(field, at, 8);
    const float period = ridge_period(g.finger, at);
    if (testing::ridges_gained(field, at, local.radians, period, 6) == 0) ++quiet;
  });
  ASSERT_GT(minutiae, 300);
  ASSERT_GT(elsewhere, 300);
  EXPECT_GT(gained, 0.85 * minutiae);
  EXPECT_GT(quiet, 0.93 * elsewhere);
}

// Ahead of an ending lies its ridge, ahead of a bifurcation the valley between its branches; behind
// them it is the other way round.
TEST(RidgePattern, MostMinutiaeAreOfTheirKind) {
  int minutiae = 0, right = 0;
  for (const Grown& g : grown()) {
    const Field field = testing::field_of(g.pattern);
    for (const MasterMinutia& m : g.pattern.minutiae) {
      if (!on_pad(g.finger, m.at)) continue;
      const auto along = [&](float px) {
        return field(m.at.x_px + px * std::cos(m.direction_radians),
                     m.at.y_px - px * std::sin(m.direction_radians));
      };
      const float rise = along(4) + along(6) - along(-4) - along(-6);
      ++minutiae;
      if ((rise > 0) == (m.kind == MinutiaKind::ending)) ++right;
    }
  }
  EXPECT_GT(right, 0.75 * minutiae) << minutiae;
}

TEST(RidgePattern, HasTheMinutiaeOfItsFinger) {
  int minutiae = 0, near = 0;
  for (const Grown& g : grown()) {
    ASSERT_EQ(g.pattern.minutiae.size(), g.finger.minutiae.size());
    for (std::size_t i = 0; i < g.finger.minutiae.size(); ++i) {
      const MasterMinutia& is = g.pattern.minutiae[i];
      const MasterMinutia& was = g.finger.minutiae[i];
      EXPECT_EQ(is.kind, was.kind);
      const float moved = std::hypot(is.at.x_px - was.at.x_px, is.at.y_px - was.at.y_px);
      EXPECT_LE(moved, 0.51F * ridge_period(g.finger, was.at));
      if (!on_pad(g.finger, was.at)) continue;
      const float turned =
          std::abs(std::remainder(is.direction_radians - was.direction_radians, 360 * kDegree));
      ++minutiae;
      if (moved < 8 && turned < 15 * kDegree) ++near;
    }
  }
  EXPECT_GT(near, 0.72 * minutiae);
}

TEST(RidgePattern, IsTheSameEachTimeAndOfOneFingerAlone) {
  const Grown& first = grown()[0];
  const RidgePattern again = grow_ridges(first.finger);
  const auto same = [](const RidgePattern::Spot& a, const RidgePattern::Spot& b) {
    return a.relief == b.relief && a.pore == b.pore;
  };
  EXPECT_TRUE(std::equal(again.skin.begin(), again.skin.end(), first.pattern.skin.begin(),
                         first.pattern.skin.end(), same));
  EXPECT_FALSE(std::equal(again.skin.begin(), again.skin.end(), grown()[1].pattern.skin.begin(),
                          grown()[1].pattern.skin.end(), same));
}

TEST(RidgePattern, HasPoresOnItsCrests) {
  for (const Grown& g : grown()) {
    double on_pores = 0, pores = 0, everywhere = 0;
    for (const RidgePattern::Spot& s : g.pattern.skin) {
      everywhere += s.relief;
      if (s.pore < 200) continue;
      on_pores += s.relief;
      ++pores;
    }
    ASSERT_GT(pores, 100);
    EXPECT_GT(on_pores / pores, 60 + everywhere / static_cast<double>(g.pattern.skin.size()));
  }
}

}  // namespace
}  // namespace whorl::scanners
