#pragma once
// How many prints of a gallery are looked at closer, from how many mates a search may lose.

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "engine/base/limits.h"
#include "engine/index/finger_index.h"

namespace whorl::search {

constexpr index::AlignmentScore at_nats(int log_likelihood) {
  return index::AlignmentScore{static_cast<std::uint16_t>(
      kernels::kAlignmentZero + log_likelihood * kernels::kAlignmentUnit)};
}

// One trade of mates against time, with what it was measured to lose: the share of single prints
// whose mate the full comparison accepts at 1 in 1,000, and which do not reach it. Several fingers
// of a person lose together far less. docs/accuracy.md, bench/accuracy/measure_search_loss.
struct SurvivorPolicy {
  double loss;
  index::Passage passage;
  double share;  // of the gallery's prints that go on to the full comparison at most
};

// Cheapest first.
inline constexpr SurvivorPolicy kSurvivorPolicies[] = {
    {0.0060, {150, at_nats(13)}, 0.005},  //
    {0.0030, {120, at_nats(12)}, 0.010},  // usual
    {0.0020, {100, at_nats(10)}, 0.020},  //
    {0.0015, {0, at_nats(8)}, 0.050},     // every print is aligned
    {0.0010, {0, at_nats(3)}, 0.200},     //
};
inline constexpr double kDefaultMaxLoss = 3e-3;

// A gallery below this is cheap to look through whatever the share.
inline constexpr std::int64_t kFewestSurvivors = 200;

// The cheapest policy that loses no more than `max_loss`, else the most thorough.
constexpr const SurvivorPolicy& policy_for(double max_loss) {
  for (const SurvivorPolicy& policy : kSurvivorPolicies) {
    if (policy.loss <= max_loss) return policy;
  }
  return *(std::end(kSurvivorPolicies) - 1);
}

// What a smaller share of the gallery than the policy's loses: as the policy that has that share,
// and below a thousandth, where nothing better was measured, as a search by codes alone.
inline constexpr double kLeastMeasuredShare = 1e-3, kLossBelow = 0.034;
constexpr double loss_at(const SurvivorPolicy& policy, double share) {
  double loss = share < kLeastMeasuredShare ? kLossBelow : kSurvivorPolicies[0].loss;
  for (const SurvivorPolicy& other : kSurvivorPolicies) {
    if (other.share <= share) loss = other.loss;
  }
  return std::max(loss, policy.loss);
}

// What that means for one index of so many prints.
struct SurvivorPlan {
  index::Passage passage;
  std::int64_t survivors;
  double loss;
};
constexpr SurvivorPlan plan_for(double max_loss, std::int64_t prints) {
  const SurvivorPolicy& policy = policy_for(max_loss);
  const auto share = static_cast<std::int64_t>(policy.share * static_cast<double>(prints));
  const std::int64_t survivors = std::clamp<std::int64_t>(share, kFewestSurvivors, kMaxSurvivors);
  if (survivors >= prints) return {{}, survivors, 0};  // all are compared
  if (survivors >= share) return {policy.passage, survivors, policy.loss};
  const double left = static_cast<double>(survivors) / static_cast<double>(prints);
  return {policy.passage, survivors, loss_at(policy, left)};
}

}  // namespace whorl::search
