// What `whorl bench load` asks and how it counts.
#include "engine/app/bench/load_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace whorl::app {
namespace {

constexpr LoadShares kShares = {0.7, 0.2, 0.1};

std::vector<double> gaps(const std::vector<Arrival>& planned) {
  std::vector<double> gaps;
  double before = 0;
  for (const Arrival& a : planned) {
    gaps.push_back(a.at_s - before);
    before = a.at_s;
  }
  return gaps;
}

TEST(LoadPlan, ArrivalsAreOfNobodysMakingButTheSeeds) {
  const auto planned = arrivals(50, 10, kShares, 7), again = arrivals(50, 10, kShares, 7);
  ASSERT_EQ(planned.size(), again.size());
  for (std::size_t i = 0; i < planned.size(); ++i) {
    EXPECT_EQ(planned[i].at_s, again[i].at_s);
    EXPECT_EQ(planned[i].kind, again[i].kind);
    EXPECT_EQ(planned[i].pick, again[i].pick);
  }
  EXPECT_NE(planned.front().at_s, arrivals(50, 10, kShares, 8).front().at_s);
}

TEST(LoadPlan, ArrivalsComeAtTheirRateInOrderWithExponentialGaps) {
  const auto planned = arrivals(1000, 100, kShares, 1);
  EXPECT_NEAR(static_cast<double>(planned.size()), 100'000, 1500);  // five standard deviations
  const auto each = gaps(planned);
  EXPECT_GE(*std::ranges::min_element(each), 0);
  EXPECT_LT(planned.back().at_s, 100);
  // Of exponential gaps e^-1 are longer than the mean, e^-3 than three of them.
  const auto longer = [&](double s) {
    return static_cast<double>(std::ranges::count_if(each, [=](double g) { return g > s; })) /
           static_cast<double>(each.size());
  };
  EXPECT_NEAR(longer(0.001), 0.3679, 0.01);
  EXPECT_NEAR(longer(0.003), 0.0498, 0.005);
}

TEST(LoadPlan, KindsComeInProportionToTheirShares) {
  const struct {
    LoadShares shares;
    std::array<double, kLoadKinds> of;
  } table[] = {{{0.7, 0.2, 0.1}, {0.7, 0.2, 0.1}},
               {{1, 0, 0}, {1, 0, 0}},
               {{0, 1, 0}, {0, 1, 0}},
               {{0, 0, 5}, {0, 0, 1}},
               {{2, 1, 1}, {0.5, 0.25, 0.25}}};
  for (const auto& row : table) {
    std::array<double, kLoadKinds> seen{};
    constexpr int kDrawn = 20'000;
    for (std::uint64_t n = 0; n < kDrawn; ++n) {
      seen.at(static_cast<std::size_t>(kind_of(mixed(3, n), row.shares))) += 1.0 / kDrawn;
    }
    for (std::size_t k = 0; k < kLoadKinds; ++k) {
      EXPECT_NEAR(seen.at(k), row.of.at(k), row.of.at(k) == 0 ? 0 : 0.02) << k;
    }
  }
}

TEST(LoadPlan, LatencyIsOfWhatWasSeen) {
  EXPECT_EQ(latency_of({}).count, 0);
  EXPECT_EQ(latency_of({5}).p50_ms, 5);
  EXPECT_EQ(latency_of({5}).p999_ms, 5);
  std::vector<double> thousand(1000);
  std::iota(thousand.rbegin(), thousand.rend(), 1.0);
  const Latency latency = latency_of(thousand);
  EXPECT_EQ(latency.count, 1000);
  EXPECT_EQ(latency.p50_ms, 500);
  EXPECT_EQ(latency.p99_ms, 990);
  EXPECT_EQ(latency.p999_ms, 999);
  EXPECT_EQ(latency.max_ms, 1000);
  EXPECT_EQ(latency_of({1, 2}).p50_ms, 1);
}

}  // namespace
}  // namespace whorl::app
