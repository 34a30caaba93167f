#include "engine/app/words.h"

#include <gtest/gtest.h>

namespace whorl::app {
namespace {

TEST(Words, GroupsThousands) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(-1000), "-1,000");
  EXPECT_EQ(with_commas(-100), "-100");
}

TEST(Words, SaysDurationsInTheUnitsPeopleUse) {
  EXPECT_EQ(duration(0.84), "0.8 s");
  EXPECT_EQ(duration(59.4), "59 s");
  EXPECT_EQ(duration(59.6), "1 min 00 s");
  EXPECT_EQ(duration(200), "3 min 20 s");
  EXPECT_EQ(duration(7500), "2 h 05 min");
}

TEST(Words, SaysSizesInPowersOfTen) {
  EXPECT_EQ(bytes_of(0), "0 B");
  EXPECT_EQ(bytes_of(999), "999 B");
  EXPECT_EQ(bytes_of(1500), "1.5 kB");
  EXPECT_EQ(bytes_of(2.1e9), "2.1 GB");
  EXPECT_EQ(bytes_of(5e15), "5000 TB");
}

TEST(Words, SaysRatesAsOneInSoMany) {
  EXPECT_EQ(one_in(FalseMatchRate{1}), "1 in 1.0");
  EXPECT_EQ(one_in(FalseMatchRate{0.5}), "1 in 2.0");
  EXPECT_EQ(one_in(FalseMatchRate{1e-4}), "1 in 10,000");
  EXPECT_EQ(one_in(FalseMatchRate{3.3e-7}), "1 in 3,000,000");
  EXPECT_EQ(one_in(FalseMatchRate{0}), "less than 1 in 10^15");
}

}  // namespace
}  // namespace whorl::app
