#pragma once

#include <optional>
#include <vector>

#include "engine/app/console.h"
#include "engine/app/error_rates.h"
#include "engine/app/report/page.h"

namespace whorl::app {

// Scores whose truth is known, and what they say of the matcher.
struct Measured {
  LabelledScores scores;  // of both kinds
  std::vector<OperatingPoint> curve;
  ErrorRates rates;
};

struct Accuracy {
  std::vector<Measured> databases;  // those with pairs of both kinds
  std::optional<Measured> pooled;   // one threshold for all scores, where there are several
  // The fairest single answer there is; nothing where no database could be measured.
  const Measured* overall() const;
};
Accuracy measure(std::vector<LabelledScores> databases);

// [{"name", "genuine", "impostor", "eer", "fmr100", "fmr1000", "zero_fmr"}], rates as shares; the
// table has them in percent. The last row is the pooled one.
Json as_json(const Accuracy& accuracy);
Table rates_table(const Accuracy& accuracy);

// Thresholds are asked for as a false match rate: what the scores make of the calibration's
// promise. `scores` must be those of the finger matcher.
Table thresholds_table(const Measured& measured);

}  // namespace whorl::app
