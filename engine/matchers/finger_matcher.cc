#include "engine/matchers/finger_matcher.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace whorl::matchers {
namespace {

constexpr std::size_t kSeeds = 8;
// The two opinions fail on different pairs (measured); one unit of support weighs this many nats.
constexpr float kSupportWeight = 300;

// One order for (a, b) and (b, a), so that the comparison is the same computation.
bool goes_first(const FingerTemplate& a, const FingerTemplate& b) {
  if (a.minutiae.size() != b.minutiae.size()) return a.minutiae.size() < b.minutiae.size();
  return std::ranges::lexicographical_compare(
      a.minutiae, b.minutiae, {},
      [](const Minutia& m) { return std::tuple(m.x_px, m.y_px, m.direction.steps()); },
      [](const Minutia& m) { return std::tuple(m.x_px, m.y_px, m.direction.steps()); });
}

}  // namespace

FingerMatcher::FingerMatcher(kernels::Backend backend) : local_pairs_(backend) {}

const Growth& FingerMatcher::grow_best(const FingerTemplate& first, const FingerTemplate& second) {
  first_.assign(first), second_.assign(second);
  best_ = {};
  const auto& pairs = local_pairs_.find(first, first_, second, second_);
  Growth grown;
  for (std::size_t s = 0; s < pairs.size() && s < kSeeds; ++s) {
    growth_.grow(first_, second_, pairs[s].pair, grown);
    if (s == 0 || grown.log_likelihood > best_.log_likelihood) std::swap(best_, grown);
  }
  return best_;
}

Similarity FingerMatcher::compare(const FingerTemplate& probe, const FingerTemplate& reference) {
  return explain(probe, reference).similarity;
}

FingerComparison FingerMatcher::explain(const FingerTemplate& probe,
                                        const FingerTemplate& reference) {
  const bool swapped = goes_first(reference, probe);
  const Growth& grown = swapped ? grow_best(reference, probe) : grow_best(probe, reference);
  FingerComparison result;
  result.local_support = local_pairs_.support();
  result.log_likelihood = grown.log_likelihood;
  result.pairs = grown.pairs;
  if (swapped) {
    for (GrownPair& p : result.pairs) std::swap(p.pair.first, p.pair.second);
  }
  result.similarity =
      Similarity{std::max(0.0F, grown.log_likelihood + kSupportWeight * result.local_support)};
  return result;
}

}  // namespace whorl::matchers
