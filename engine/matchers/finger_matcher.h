#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/matchers/elastic_growth.h"
#include "engine/matchers/local_pairs.h"
#include "engine/matchers/prepared_print.h"
#include "kernels/backend.h"

namespace whorl::matchers {

// How prints may be turned against each other.
enum class Rotation : std::uint8_t {
  upright,  // as captures at a scanner are: by some 45 degrees
  any,      // whichever way up; upright ones score the same, the others a little less
};

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
// Minutiae alone are read; a print without any scores 0. Holds scratch memory: one matcher a
// thread. Cost of two prepared prints of 35 minutiae: docs/benchmarks.md.
class FingerMatcher {
 public:
  explicit FingerMatcher(kernels::Backend backend = kernels::best_backend());

  Similarity compare(const PreparedPrint& probe, const PreparedPrint& reference,
                     Rotation rotation = Rotation::upright);
  // Prepares the reference, the probe or both first.
  Similarity compare(const PreparedPrint& probe, const FingerTemplate& reference,
                     Rotation rotation = Rotation::upright);
  Similarity compare(const FingerTemplate& probe, const FingerTemplate& reference,
                     Rotation rotation = Rotation::upright);
  // Whichever way up.
  FingerComparison explain(const FingerTemplate& probe, const FingerTemplate& reference);

 private:
  struct Opinion {
    float support;
    const Growth& growth;
    float price = 0;  // of being turned
    Similarity similarity() const;
  };
  // Pre: `first` goes first.
  Opinion judge(const PreparedPrint& first, const PreparedPrint& second);
  // Of the prints just judged, at any turn: where that says more than `upright` does.
  std::optional<Opinion> judge_turned(const PreparedPrint& first, const PreparedPrint& second,
                                      Similarity upright);

  kernels::Backend backend_;
  LocalPairs local_pairs_;
  ElasticGrowth growth_;
  PreparedPrint probe_, reference_;
};

}  // namespace whorl::matchers
