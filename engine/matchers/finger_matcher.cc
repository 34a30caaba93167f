#include "engine/matchers/finger_matcher.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace whorl::matchers {
namespace {

// The two opinions fail on different pairs (measured); one unit of support weighs this many nats.
constexpr float kSupportWeight = 500;

// One order for (a, b) and (b, a), so that the comparison is the same computation.
bool goes_first(const PreparedPrint& a, const PreparedPrint& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto left = std::tuple(a.at[i].x, a.at[i].y, a.steps[i]);
    const auto right = std::tuple(b.at[i].x, b.at[i].y, b.steps[i]);
    if (left != right) return left < right;
  }
  return false;
}

}  // namespace

FingerMatcher::FingerMatcher(kernels::Backend backend) : backend_(backend), local_pairs_(backend) {}

Similarity FingerMatcher::Opinion::similarity() const {
  return Similarity{std::max(0.0F, growth.log_likelihood + kSupportWeight * support)};
}

FingerMatcher::Opinion FingerMatcher::judge(const PreparedPrint& first,
                                            const PreparedPrint& second) {
  const auto& pairs = local_pairs_.find(first, second);
  return {local_pairs_.support(), growth_.grow(first, second, pairs, local_pairs_)};
}

Similarity FingerMatcher::compare(const PreparedPrint& probe, const PreparedPrint& reference) {
  if (goes_first(reference, probe)) return judge(reference, probe).similarity();
  return judge(probe, reference).similarity();
}

Similarity FingerMatcher::compare(const PreparedPrint& probe, const FingerTemplate& reference) {
  reference_.prepare(reference, backend_);
  return compare(probe, reference_);
}

Similarity FingerMatcher::compare(const FingerTemplate& probe, const FingerTemplate& reference) {
  probe_.prepare(probe, backend_);
  return compare(probe_, reference);
}

FingerComparison FingerMatcher::explain(const FingerTemplate& probe,
                                        const FingerTemplate& reference) {
  probe_.prepare(probe, backend_);
  reference_.prepare(reference, backend_);
  const bool swapped = goes_first(reference_, probe_);
  const Opinion opinion = swapped ? judge(reference_, probe_) : judge(probe_, reference_);
  FingerComparison result{opinion.similarity(), opinion.support, opinion.growth.log_likelihood,
                          opinion.growth.pairs};
  if (swapped) {
    for (GrownPair& p : result.pairs) std::swap(p.pair.first, p.pair.second);
  }
  return result;
}

}  // namespace whorl::matchers
