#include "engine/features/fingerprint/minutia_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "tests/support/random_print.h"

namespace whorl::features {
namespace {

using ::whorl::testing::random_print;
using ::whorl::testing::recapture;

int popcount(const MinutiaCode& code) {
  int bits = 0;
  for (const auto word : code) bits += std::popcount(word);
  return bits;
}

int distance(const MinutiaCode& a, const MinutiaCode& b) {
  int bits = 0;
  for (std::size_t w = 0; w < a.size(); ++w)
    bits += std::popcount(static_cast<unsigned>(a[w] ^ b[w]));
  return bits;
}

FingerTemplate described(FingerTemplate print) {
  describe_minutiae(print);
  return print;
}

TEST(MinutiaCodes, EveryBackendGivesTheSameBits) {
  for (const auto backend : kernels::kBackends) {
    if (!kernels::available(backend)) continue;
    FingerTemplate print = random_print(1, 60);
    describe_minutiae(print, backend);
    EXPECT_EQ(print, described(random_print(1, 60))) << kernels::name_of(backend);
  }
}

TEST(MinutiaCodes, DoNotDependOnWhereThePrintLies) {
  const FingerTemplate print = described(random_print(2, 50));
  FingerTemplate moved = random_print(2, 50);
  for (Minutia& m : moved.minutiae)
    m.x_px = static_cast<std::int16_t>(m.x_px + 77),
    m.y_px = static_cast<std::int16_t>(m.y_px - 31);
  EXPECT_EQ(print.codes, described(moved).codes);
}

TEST(MinutiaCodes, HardlyChangeWhenThePrintIsTurned) {
  const FingerTemplate print = described(random_print(3, 50));
  for (const double degrees : {30.0, 90.0, 200.0}) {
    const FingerTemplate turned = described(recapture(print, degrees, 0, 1, 4));
    ASSERT_EQ(turned.codes.size(), print.codes.size());
    int turned_apart = 0, strangers_apart = 0;
    for (std::size_t m = 0; m < print.codes.size(); ++m) {
      turned_apart += distance(print.codes[m], turned.codes[m]);
      strangers_apart += distance(print.codes[m], turned.codes[(m + 7) % print.codes.size()]);
    }
    EXPECT_LT(turned_apart * 3, strangers_apart)
        << degrees;  // rounding to pixels and steps remains
  }
}

TEST(MinutiaCodes, AMinutiaWithoutNeighboursHasNone) {
  FingerTemplate print = random_print(5, 40);
  print.minutiae.push_back({2000, 2000, Direction{9}, MinutiaKind::ending, 0, 0});
  describe_minutiae(print);
  EXPECT_EQ(popcount(print.codes.back()), 0);
  EXPECT_TRUE(
      std::ranges::any_of(print.codes, [](const auto& code) { return popcount(code) > 0; }));
}

TEST(MinutiaCodes, AnEmptyOrTinyPrintIsNoFault) {
  for (const int minutiae : {0, 1, 2, 3}) {
    const FingerTemplate print = described(random_print(6, minutiae));
    EXPECT_EQ(std::ssize(print.codes), minutiae);
    EXPECT_TRUE(
        std::ranges::all_of(print.codes, [](const auto& code) { return popcount(code) == 0; }));
  }
}

TEST(MinutiaCodes, BitsAreBalancedAndUsed) {
  std::array<int, kMinutiaCodeBits> ones{};
  int codes = 0;
  for (std::uint64_t seed = 100; seed < 200; ++seed) {
    for (const MinutiaCode& code : described(random_print(seed, 40)).codes) {
      if (popcount(code) == 0) continue;
      ++codes;
      for (std::size_t b = 0; b < ones.size(); ++b) ones[b] += code[b / 16] >> (b % 16) & 1;
    }
  }
  const auto unused =
      std::ranges::count_if(ones, [&](int n) { return n < codes / 20 || n > codes - codes / 20; });
  EXPECT_LT(unused, kMinutiaCodeBits / 16);
}

}  // namespace
}  // namespace whorl::features
