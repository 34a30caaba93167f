#include "engine/matchers/finger_matcher.h"

#include <utility>

#include "engine/matchers/print_batch.h"

namespace whorl::matchers {
FingerMatcher::FingerMatcher(kernels::Backend backend) : backend_(backend), local_pairs_(backend) {}

Similarity FingerMatcher::Opinion::similarity() const {
  return Similarity{rules::similarity_of(growth.log_likelihood, support)};
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
