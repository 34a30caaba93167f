#include "engine/matchers/finger_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/matchers/finger_calibration.h"
#include "scanners/simulated/people.h"
#include "tests/support/random_print.h"

namespace whorl::matchers {
namespace {

using ::whorl::testing::random_print;
using ::whorl::testing::recapture;

TEST(FingerMatcher, DoesNotCareWhichPrintIsTheProbe) {
  FingerMatcher matcher;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const FingerTemplate a = random_print(seed, 30 + static_cast<int>(seed));
    for (const FingerTemplate& b : {recapture(a, 10, 2, 0.8, seed), random_print(seed + 500, 40)}) {
      EXPECT_EQ(matcher.compare(a, b), matcher.compare(b, a));
    }
  }
}

TEST(FingerMatcher, TellsMatesFromStrangers) {
  FingerMatcher matcher;
  float worst_mate = 1e9F, best_stranger = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const FingerTemplate a = random_print(seed, 40);
    worst_mate = std::min(worst_mate, matcher.compare(a, recapture(a, 15, 2, 0.85, seed)).value());
    best_stranger =
        std::max(best_stranger, matcher.compare(a, random_print(seed + 900, 40)).value());
  }
  EXPECT_GT(worst_mate, 2 * best_stranger);
}

TEST(FingerMatcher, FindsMatesWhicheverWayUpWhenAsked) {
  FingerMatcher matcher;
  const FingerTemplate a = random_print(11, 40);
  const Similarity upright = matcher.compare(a, recapture(a, 0, 1, 0.9, 5));
  EXPECT_EQ(matcher.compare(a, recapture(a, 0, 1, 0.9, 5), Rotation::any), upright);
  for (const double degrees : {45.0, 80.0, 100.0, 180.0, 225.0, 300.0}) {
    const FingerTemplate b = recapture(a, degrees, 1, 0.9, 5);
    const Similarity any = matcher.compare(a, b, Rotation::any);
    EXPECT_GT(any.value(), 0.8F * upright.value()) << degrees;
    EXPECT_EQ(matcher.compare(b, a, Rotation::any), any) << degrees;
    EXPECT_EQ(matcher.explain(a, b).similarity, any) << degrees;
    EXPECT_GT(matcher.explain(a, b).pairs.size(), 20U) << degrees;
  }
  EXPECT_LT(matcher.compare(a, recapture(a, 180, 1, 0.9, 5)).value(), 0.2F * upright.value());
}

TEST(FingerMatcher, AFewMinutiaeCannotScoreLikeMany) {
  FingerMatcher matcher;
  const FingerTemplate whole = random_print(1, 45);
  FingerTemplate corner = random_print(1, 45);
  std::erase_if(corner.minutiae, [](const Minutia& m) { return m.x_px > 105 || m.y_px > 125; });
  ASSERT_GE(corner.minutiae.size(), 3U);
  ASSERT_LE(corner.minutiae.size(), 12U);
  EXPECT_LT(matcher.compare(whole, corner).value(), matcher.compare(whole, whole).value() / 3);
}

// A print against itself, of which only the first `described` minutiae have neighbourhoods that can
// be paired.
float support_among(std::size_t described) {
  FingerTemplate print = random_print(1, 24);
  for (Minutia& m : print.minutiae) {  // near enough to each other that all of them have some
    m.x_px = static_cast<std::int16_t>(m.x_px / 3), m.y_px = static_cast<std::int16_t>(m.y_px / 3);
  }
  PreparedPrint prepared;
  prepared.prepare(print, kernels::best_backend());
  const auto first_silent = static_cast<std::ptrdiff_t>(described);
  std::fill(prepared.vectors.values.begin() + first_silent * kernels::kVectorSize,
            prepared.vectors.values.end(), std::int8_t{0});
  LocalPairs pairs(kernels::best_backend());
  pairs.meet(prepared, prepared);
  EXPECT_EQ(pairs.find(prepared, prepared, kAnyGateSteps).size(), described);
  return pairs.support();
}

// All pairs agree in both cases: it is their number that must tell.
TEST(FingerMatcher, FewPairsCannotVouchForEachOtherLikeMany) {
  EXPECT_LT(support_among(9), support_among(14) / 2);
}

// Strangers of 16 to 22 minutiae, of which a few pairs always agree by chance.
TEST(FingerMatcher, SmallStrangersAreNoHit) {
  std::vector<FingerTemplate> small;
  for (std::uint64_t person = 0; person < 110; ++person) {
    FingerTemplate print =
        scanners::Population(31).person(person).capture(FingerPosition::right_index, 0);
    print.minutiae.resize(std::min<std::size_t>(print.minutiae.size(), 16 + person % 7));
    small.push_back(std::move(print));
  }
  FingerMatcher matcher;
  double rarest = 1;
  for (std::size_t a = 0; a < small.size(); ++a) {
    for (std::size_t b = a + 1; b < small.size(); ++b) {
      const Calibrated value =
          calibrate(kDefaultFingerCalibration, matcher.compare(small[a], small[b]));
      rarest = std::min(rarest, value.fmr.value());
    }
  }
  EXPECT_GT(rarest, 1e-6);  // of 5,995 comparisons
}

// Corners of 11 to 14 minutiae: the weakness of scores that divide by the size of a print.
TEST(FingerMatcher, CornersOfStrangersStayBelowOneInTenThousand) {
  std::vector<FingerTemplate> corners;
  for (std::uint64_t person = 0; person < 100; ++person) {
    FingerTemplate print =
        scanners::Population(41).person(person).capture(FingerPosition::right_index, 0);
    ASSERT_GE(print.minutiae.size(), 11U);
    const Minutia centre = print.minutiae[person % print.minutiae.size()];
    const auto distance = [&](const Minutia& m) {
      return std::hypot(m.x_px - centre.x_px, m.y_px - centre.y_px);
    };
    std::ranges::sort(print.minutiae, {}, distance);
    print.minutiae.resize(std::min<std::size_t>(print.minutiae.size(), 11 + person % 4));
    corners.push_back(std::move(print));
  }
  FingerMatcher matcher;
  int reached = 0;  // of 4,950 comparisons
  for (std::size_t a = 0; a < corners.size(); ++a) {
    for (std::size_t b = a + 1; b < corners.size(); ++b) {
      const Similarity similarity = matcher.compare(corners[a], corners[b]);
      reached += calibrate(kDefaultFingerCalibration, similarity).fmr.value() <= 1e-4 ? 1 : 0;
    }
  }
  EXPECT_EQ(reached, 0);
}

TEST(FingerMatcher, EmptyAndTinyPrintsScoreNothing) {
  FingerMatcher matcher;
  const FingerTemplate whole = random_print(1, 45);
  for (const int minutiae : {0, 1, 2, 3}) {
    const FingerTemplate tiny = random_print(2, minutiae);
    EXPECT_EQ(matcher.compare(whole, tiny), Similarity{0});
    EXPECT_EQ(matcher.compare(tiny, tiny), Similarity{0});
  }
}

TEST(FingerMatcher, ExplainsItsScore) {
  FingerMatcher matcher;
  const FingerTemplate a = random_print(3, 40);
  const FingerTemplate b = recapture(a, 20, 1, 1, 5);
  const FingerComparison comparison = matcher.explain(a, b);
  EXPECT_EQ(comparison.similarity, matcher.compare(a, b));
  EXPECT_GT(comparison.pairs.size(), 30U);
  int right = 0;  // recapture keeps the order when it keeps everything
  for (const GrownPair& p : comparison.pairs) right += p.pair.first == p.pair.second ? 1 : 0;
  EXPECT_GT(right, static_cast<int>(comparison.pairs.size()) - 4);
}

TEST(FingerCalibration, MoreSimilarIsRarerAmongStrangersAndLikelierAmongMates) {
  double fmr = 1, ratio = -1e9;
  for (float s = 0; s < 200; s += 0.5F) {
    const Calibrated value = calibrate(kDefaultFingerCalibration, Similarity{s});
    EXPECT_LE(value.fmr.value(), fmr);
    EXPECT_GE(value.ratio.value(), ratio);
    EXPECT_GT(value.fmr.value(), 0);
    fmr = value.fmr.value(), ratio = value.ratio.value();
  }
  EXPECT_LT(calibrate(kDefaultFingerCalibration, Similarity{0}).ratio.value(), 0);
  EXPECT_EQ(calibrate(kDefaultFingerCalibration, Similarity{0}).fmr.value(), 1);
}

}  // namespace
}  // namespace whorl::matchers
