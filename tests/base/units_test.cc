#include "engine/base/units.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <type_traits>
#include <unordered_set>

#include "engine/base/clock.h"

namespace whorl {
namespace {

Direction direction(int steps) { return Direction{static_cast<std::uint8_t>(steps)}; }

TEST(Direction, TurnsTheShorterWayRound) {
  for (int from = 0; from < 256; ++from) {
    for (int to = 0; to < 256; ++to) {
      const int turn = signed_turn(direction(from), direction(to));
      ASSERT_GE(turn, -128);
      ASSERT_LE(turn, 127);
      ASSERT_EQ(direction(from + turn), direction(to));
      ASSERT_EQ(turn_between(direction(from), direction(to)), std::abs(turn));
      ASSERT_EQ(turn_between(direction(from), direction(to)),
                turn_between(direction(to), direction(from)));
    }
  }
}

TEST(Direction, KnowsItsAngle) {
  EXPECT_FLOAT_EQ(Direction{64}.degrees(), 90);
  EXPECT_FLOAT_EQ(Direction{1}.degrees(), 1.40625F);
  EXPECT_FLOAT_EQ(Direction{128}.radians(), 3.14159265F);
}

template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};
template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

TEST(Quantity, MixesWithNothingElse) {
  static_assert(!std::is_convertible_v<std::uint64_t, SubjectId>);
  static_assert(!std::is_convertible_v<SubjectId, std::uint64_t>);
  static_assert(!std::is_convertible_v<LogLikelihoodRatio, FalseMatchRate>);
  static_assert(!Comparable<LogLikelihoodRatio, FalseMatchRate>);
  static_assert(!Comparable<SubjectId, EncounterId>);
  static_assert(!Comparable<Direction, Direction>, "directions have no order");
  static_assert(!Addable<Similarity, Similarity>);
  EXPECT_LT(SubjectId{1}, SubjectId{2});
  EXPECT_EQ(SubjectId{}, SubjectId{0});
}

TEST(Quantity, IsAKeyOfHashTables) {
  const std::unordered_set<SubjectId> subjects{SubjectId{1}, SubjectId{2}, SubjectId{1}};
  EXPECT_EQ(subjects.size(), 2U);
}

TEST(ManualClock, ShowsWhatItWasSetTo) {
  ManualClock clock(UnixMillis{5});
  EXPECT_EQ(clock.now(), UnixMillis{5});
  clock.set(UnixMillis{3});
  EXPECT_EQ(clock.now(), UnixMillis{3});
}

TEST(SystemClock, CountsFromTheUnixEpochInMilliseconds) {
  const std::int64_t now = SystemClock().now().value();
  EXPECT_GT(now, 1'700'000'000'000);   // November 2023
  EXPECT_LT(now, 10'000'000'000'000);  // the year 2286
}

}  // namespace
}  // namespace whorl
