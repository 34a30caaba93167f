#include "engine/search/survivor_policy.h"

#include <gtest/gtest.h>

#include <iterator>

namespace whorl::search {
namespace {

TEST(SurvivorPolicy, MoreWorkLosesLess) {
  for (std::size_t p = 1; p < std::size(kSurvivorPolicies); ++p) {
    const SurvivorPolicy &cheaper = kSurvivorPolicies[p - 1], &dearer = kSurvivorPolicies[p];
    EXPECT_GT(cheaper.loss, dearer.loss);
    EXPECT_LT(cheaper.share, dearer.share);
    EXPECT_GE(cheaper.passage.votes, dearer.passage.votes);
    EXPECT_GE(cheaper.passage.alignment, dearer.passage.alignment);
  }
}

TEST(SurvivorPolicy, IsTheCheapestThatKeepsToTheWantedLoss) {
  EXPECT_EQ(&policy_for(0.5), &kSurvivorPolicies[0]);
  for (const SurvivorPolicy& policy : kSurvivorPolicies) {
    EXPECT_EQ(&policy_for(policy.loss), &policy);
    if (&policy != kSurvivorPolicies) { EXPECT_EQ(&policy_for(policy.loss * 1.0001), &policy); }
  }
  EXPECT_EQ(&policy_for(1e-9), std::end(kSurvivorPolicies) - 1) << "the most thorough there is";
}

TEST(SurvivorPolicy, ASmallGalleryIsComparedWholly) {
  for (const std::int64_t prints : {std::int64_t{0}, std::int64_t{1}, kFewestSurvivors}) {
    const SurvivorPlan plan = plan_for(kDefaultMaxLoss, prints);
    EXPECT_EQ(plan.passage.votes, 0);
    EXPECT_EQ(plan.passage.alignment, index::AlignmentScore{0});
    EXPECT_GE(plan.survivors, prints);
    EXPECT_EQ(plan.loss, 0);
  }
}

TEST(SurvivorPolicy, SurvivorsFollowTheGalleryWithinBounds) {
  const SurvivorPolicy& policy = policy_for(kDefaultMaxLoss);
  EXPECT_EQ(plan_for(kDefaultMaxLoss, kFewestSurvivors + 1).survivors, kFewestSurvivors);
  const SurvivorPlan million = plan_for(kDefaultMaxLoss, 1'000'000);
  EXPECT_EQ(million.survivors, static_cast<std::int64_t>(1e6 * policy.share));
  EXPECT_EQ(million.loss, policy.loss);
  EXPECT_EQ(million.passage.votes, policy.passage.votes);
  EXPECT_EQ(plan_for(kDefaultMaxLoss, 1'000'000'000).survivors, kMaxSurvivors);
}

// Where the bound leaves a smaller share than the policy asks for, more is lost, and told.
TEST(SurvivorPolicy, ABoundedShareTellsItsOwnLoss) {
  EXPECT_EQ(plan_for(0.0030, 10'000'000).loss, 0.0030);
  EXPECT_EQ(plan_for(0.0010, 10'000'000).loss, 0.0030);  // 1 % instead of 20
  EXPECT_EQ(plan_for(0.0010, 1'000'000).loss, 0.0015);   // 10 %
  EXPECT_EQ(plan_for(0.0030, 50'000'000).loss, 0.0060);  // 0.2 %
  EXPECT_EQ(plan_for(0.0030, 1'000'000'000).loss, kLossBelow);
  EXPECT_EQ(plan_for(0.0010, 400'000).loss, 0.0010);
}

}  // namespace
}  // namespace whorl::search
