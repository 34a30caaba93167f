#include "engine/matchers/finger_matcher.h"

#include <utility>

#include "engine/matchers/print_batch.h"

namespace whorl::matchers {
namespace {

// What a correspondence that is not upright has to make good: the logarithm of one capture in ten
// thousand being turned so far. Strangers agree at some turn more easily than upright, and gain
// next to nothing by it. Who has no support that pays it is not grown.
constexpr float kTurnedPrice = 9.2F;

}  // namespace

FingerMatcher::FingerMatcher(kernels::Backend backend) : backend_(backend), local_pairs_(backend) {}

Similarity FingerMatcher::Opinion::similarity() const {
  return Similarity{rules::similarity_of(growth.log_likelihood - price, support)};
}

FingerMatcher::Opinion FingerMatcher::judge(const PreparedPrint& first,
                                            const PreparedPrint& second) {
  local_pairs_.meet(first, second);
  const auto& pairs = local_pairs_.find(first, second, rules::kUprightGateSteps);
  return {local_pairs_.support(), growth_.grow(first, second, pairs, local_pairs_)};
}

std::optional<FingerMatcher::Opinion> FingerMatcher::judge_turned(const PreparedPrint& first,
                                                                  const PreparedPrint& second,
                                                                  Similarity upright) {
  const auto& pairs = local_pairs_.find(first, second, kAnyGateSteps);
  if (rules::similarity_of(-kTurnedPrice, local_pairs_.support()) <= upright.value()) return {};
  Opinion turned{local_pairs_.support(), growth_.grow(first, second, pairs, local_pairs_)};
  turned.price = kTurnedPrice;
  if (turned.similarity() <= upright) return {};
  return turned;
}

Similarity FingerMatcher::compare(const PreparedPrint& probe, const PreparedPrint& reference,
                                  Rotation rotation) {
  const bool swapped = goes_first(reference, probe);
  const PreparedPrint &first = swapped ? reference : probe, &second = swapped ? probe : reference;
  const Similarity upright = judge(first, second).similarity();
  if (rotation == Rotation::upright) return upright;
  const auto turned = judge_turned(first, second, upright);
  return turned ? turned->similarity() : upright;
}

Similarity FingerMatcher::compare(const PreparedPrint& probe, const FingerTemplate& reference,
                                  Rotation rotation) {
  reference_.prepare(reference, backend_);
  return compare(probe, reference_, rotation);
}

Similarity FingerMatcher::compare(const FingerTemplate& probe, const FingerTemplate& reference,
                                  Rotation rotation) {
  probe_.prepare(probe, backend_);
  return compare(probe_, reference, rotation);
}

FingerComparison FingerMatcher::explain(const FingerTemplate& probe,
                                        const FingerTemplate& reference) {
  probe_.prepare(probe, backend_);
  reference_.prepare(reference, backend_);
  const bool swapped = goes_first(reference_, probe_);
  const PreparedPrint &first = swapped ? reference_ : probe_,
                      &second = swapped ? probe_ : reference_;
  const auto explained = [](const Opinion& opinion) {
    return FingerComparison{opinion.similarity(), opinion.support, opinion.growth.log_likelihood,
                            opinion.growth.pairs};
  };
  FingerComparison result = explained(judge(first, second));
  if (const auto turned = judge_turned(first, second, result.similarity)) {
    result = explained(*turned);
  }
  if (swapped) {
    for (GrownPair& p : result.pairs) std::swap(p.pair.first, p.pair.second);
  }
  return result;
}

}  // namespace whorl::matchers
