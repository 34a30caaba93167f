#include "engine/app/report/rigid_motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/support/random_print.h"

namespace whorl::app {
namespace {

std::vector<matchers::GrownPair> all_paired(std::size_t count, float share = 4) {
  std::vector<matchers::GrownPair> pairs;
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::uint16_t>(i);
    pairs.push_back({{index, index}, share});
  }
  return pairs;
}

TEST(ConsensusMotion, FindsTheTurnAndShiftBackFromARecapture) {
  for (const double degrees : {-170.0, -35.0, 0.0, 12.0, 90.0, 178.0}) {
    const FingerTemplate once = testing::random_print(7, 40);
    const FingerTemplate again = testing::recapture(once, degrees, 0, 1, 8);
    const RigidMotion motion = consensus_motion(once, again, all_paired(40));
    EXPECT_NEAR(motion.degrees(), -degrees, 0.2) << degrees;  // the recapture is turned back
    EXPECT_LT(motion.residual_px, 0.7) << degrees;            // what rounding to pixels leaves
    EXPECT_EQ(motion.left_px.size(), 40U);
    for (std::size_t i = 0; i < 40; ++i) {
      EXPECT_LE(turn_between(motion(again.minutiae[i].direction), once.minutiae[i].direction), 1);
    }
  }
}

TEST(ConsensusMotion, TellsTheShiftOfTheMiddle) {
  const FingerTemplate once = testing::random_print(1, 10);
  FingerTemplate moved = once;
  for (Minutia& m : moved.minutiae) {
    m.x_px = static_cast<std::int16_t>(m.x_px + 30);
    m.y_px = static_cast<std::int16_t>(m.y_px - 5);
  }
  const RigidMotion motion = consensus_motion(once, moved, all_paired(10));
  EXPECT_NEAR(motion.shift_px().real(), -30, 1e-9);
  EXPECT_NEAR(motion.shift_px().imag(), 5, 1e-9);
  EXPECT_NEAR(motion.degrees(), 0, 1e-9);
  EXPECT_NEAR(motion.residual_px, 0, 1e-9);
}

TEST(ConsensusMotion, LetsPairsThatSayMoreDecide) {
  const FingerTemplate once = testing::random_print(2, 20);
  FingerTemplate moved = once;
  moved.minutiae[0].x_px = static_cast<std::int16_t>(moved.minutiae[0].x_px + 60);
  auto pairs = all_paired(20);
  const double equal = consensus_motion(once, moved, pairs).left_px[5];
  pairs[0].share = -3;
  EXPECT_LT(consensus_motion(once, moved, pairs).left_px[5], equal / 4);
}

TEST(ConsensusMotion, TurnsASinglePairByItsDirections) {
  FingerTemplate probe, reference;
  probe.minutiae = {{100, 100, Direction{64}, MinutiaKind::ending, 0, 0}};
  reference.minutiae = {{10, 20, Direction{0}, MinutiaKind::ending, 0, 0}};
  const RigidMotion motion = consensus_motion(probe, reference, all_paired(1));
  EXPECT_NEAR(motion.degrees(), 90, 1e-9);
  EXPECT_NEAR(std::abs(motion({10, 20}) - ImagePoint{100, 100}), 0, 1e-9);
  EXPECT_EQ(motion(Direction{0}), Direction{64});
}

TEST(ConsensusMotion, MovesNothingWithoutPairs) {
  const RigidMotion motion = consensus_motion({}, {}, {});
  EXPECT_EQ(motion.degrees(), 0);
  EXPECT_EQ(motion({3, 4}), (ImagePoint{3, 4}));
  EXPECT_EQ(motion.residual_px, 0);
}

TEST(ConsensusMotion, StandsPairsOfOnePlace) {
  FingerTemplate print;
  print.minutiae.assign(3, {50, 50, Direction{10}, MinutiaKind::ending, 0, 0});
  const RigidMotion motion = consensus_motion(print, print, all_paired(3));
  EXPECT_TRUE(std::isfinite(motion.degrees()));
  EXPECT_EQ(motion.residual_px, 0);
}

}  // namespace
}  // namespace whorl::app
