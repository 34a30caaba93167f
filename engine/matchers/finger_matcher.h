#pragma once

#include <vector>

#include "engine/base/biometrics.h"
#include "engine/matchers/elastic_growth.h"
#include "engine/matchers/local_pairs.h"
#include "kernels/backend.h"

namespace whorl::matchers {

// What one comparison found, for explanation: the corresponding minutiae and each one's share.
struct FingerComparison {
  Similarity similarity;
  float local_support = 0;       // mean relaxed similarity of the best pairs, 0 .. 1
  float log_likelihood = 0;      // of the geometric correspondence, natural units
  std::vector<GrownPair> pairs;  // probe minutia, reference minutia, its share of log_likelihood
};

// Compares two prints: similar neighbourhoods first, then which of them tell one consistent story,
// then an elastic correspondence that is weighed against chance. Symmetric: compare(a, b) equals
// compare(b, a) to the last bit. The similarity is this matcher's own scale; calibration.h turns it
// into a false match rate.
//
// Holds scratch memory: one matcher a thread. Both templates need codes
// (features::describe_minutiae); a template without any scores 0. Cost: about 100 us for 36 x 36
// minutiae.
class FingerMatcher {
 public:
  explicit FingerMatcher(kernels::Backend backend = kernels::best_backend());

  Similarity compare(const FingerTemplate& probe, const FingerTemplate& reference);
  FingerComparison explain(const FingerTemplate& probe, const FingerTemplate& reference);

 private:
  const Growth& grow_best(const FingerTemplate& first, const FingerTemplate& second);

  LocalPairs local_pairs_;
  ElasticGrowth growth_;
  MinutiaField first_, second_;
  Growth best_;
};

}  // namespace whorl::matchers
