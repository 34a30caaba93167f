#pragma once

#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/matchers/calibration.h"

namespace whorl::app {

// One pair of templates, out of those of two files.
struct Comparison {
  std::size_t probe = 0, reference = 0;  // which view of each
  Similarity similarity;                 // of the modality's own matcher
  matchers::Calibrated value;
};

// The pair that speaks loudest for one person, over all views of both sides; codes are made where
// they are missing. Faults: bad_argument where no modality is on both sides, and those of the face
// matcher (wrong_model ...).
Result<Comparison> best_comparison(std::vector<Template>& probe, std::vector<Template>& reference);

// The least similarity of two prints whose false match rate is at most `rate`.
Similarity similarity_at(FalseMatchRate rate);

}  // namespace whorl::app
