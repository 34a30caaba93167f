#pragma once

#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/matchers/calibration.h"
#include "engine/matchers/face_matcher.h"
#include "engine/matchers/finger_matcher.h"

namespace whorl::matchers {

// What one comparison said.
struct Scored {
  Similarity similarity;  // of the modality's own matcher
  Calibrated value;
};

// Compares two templates of one modality, whichever it is; prints whichever way up. Holds scratch
// memory: one a thread.
class PairMatcher {
 public:
  explicit PairMatcher(kernels::Backend backend = kernels::best_backend())
      : fingers_(backend), faces_(backend) {}
  // Pre: both are of one modality. Faults: those of the face matcher and of face_calibration.
  Result<Scored> compare(const Template& probe, const Template& reference);

 private:
  FingerMatcher fingers_;
  FaceMatcher faces_;
};

// One pair of templates, out of those of two sides.
struct Comparison {
  std::size_t probe = 0, reference = 0;  // which of each side's templates
  Similarity similarity;                 // of the modality's own matcher
  Calibrated value;
};

// 1:1: the pair that speaks loudest for one person, over all of both sides' templates. Neither
// codes nor unit length are needed. Faults: bad_argument where no modality is on both sides, those
// of the face matcher (wrong_model ...) and of face_calibration. Cost: that of every pair's
// matcher.
Result<Comparison> best_comparison(const std::vector<Template>& probe,
                                   const std::vector<Template>& reference);

// The least similarity of two prints whose false match rate is at most `rate`.
Similarity similarity_at(FalseMatchRate rate);

}  // namespace whorl::matchers
