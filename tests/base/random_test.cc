#include "engine/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace whorl {
namespace {

struct Sequence {
  std::uint64_t seed;
  std::array<std::uint64_t, 4> numbers;
};

// Computed with a separate implementation of xoshiro256** over splitmix64.
const Sequence kSequences[] = {
    {0, {0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0, 0x6AA594F1262D2D2C}},
    {2026, {0x92E011592E98AE15, 0x489F37946D6D18D8, 0xD0009E279D9CDEDA, 0xE4C7DCA786D56702}},
};

TEST(SeededRandom, GivesThePublishedGeneratorsNumbers) {
  for (const Sequence& sequence : kSequences) {
    SeededRandom random(sequence.seed);
    for (const std::uint64_t number : sequence.numbers) EXPECT_EQ(random.next(), number);
  }
}

TEST(SeededRandom, GivesEachStreamItsOwnNumbersInAnyOrder) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t index = 0; index < 1000; ++index) {
      firsts.insert(SeededRandom::stream(seed, index).next());
    }
  }
  EXPECT_EQ(firsts.size(), 10'000U);
  EXPECT_EQ(SeededRandom::stream(3, 7).next(), SeededRandom::stream(3, 7).next());
}

TEST(SeededRandom, StaysWithinItsBounds) {
  SeededRandom random(1);
  for (int i = 0; i < 100'000; ++i) {
    const double unit = random.uniform(), ranged = random.uniform(-3, 5);
    ASSERT_TRUE(unit >= 0 && unit < 1);
    ASSERT_TRUE(ranged >= -3 && ranged < 5);
    for (const std::int64_t bound : {std::int64_t{1}, std::int64_t{3}, std::int64_t{1} << 62U}) {
      const std::int64_t drawn = random.below(bound);
      ASSERT_TRUE(drawn >= 0 && drawn < bound);
    }
  }
}

TEST(SeededRandom, DrawsEachOfAFewEquallyOften) {
  SeededRandom random(2);
  std::array<int, 7> counts{};
  constexpr int kDraws = 70'000;
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(random.below(7))];
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - kDraws / 7.0, 2) / (kDraws / 7.0);
  EXPECT_LT(chi_squared, 22.5);  // six degrees of freedom, one in a thousand
}

TEST(SeededRandom, DrawsNormalNumbersOfTheWantedMeanWidthAndTails) {
  SeededRandom random(3);
  constexpr int kDraws = 200'000;
  double sum = 0, squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double z = (random.normal(10, 4) - 10) / 4;
    sum += z;
    squares += z * z;
    if (std::abs(z) > 2) ++beyond_two;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(static_cast<double>(beyond_two) / kDraws, 0.0455, 0.002);
}

TEST(SeededRandom, TakesAChanceAsOftenAsItSays) {
  SeededRandom random(4);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += random.chance(0.3) ? 1 : 0;
  EXPECT_NEAR(taken, 30'000, 600);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
}

TEST(SystemEntropy, FillsEveryByteAnewEachTime) {
  SystemEntropy entropy;
  std::set<std::array<std::byte, 16>> drawn;
  for (int i = 0; i < 100; ++i) {
    std::array<std::byte, 16> bytes{};
    ASSERT_TRUE(entropy.fill(bytes));
    drawn.insert(bytes);
  }
  EXPECT_EQ(drawn.size(), 100U);
  EXPECT_TRUE(entropy.fill({}));
}

}  // namespace
}  // namespace whorl
