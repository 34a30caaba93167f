#pragma once
// What every matcher answers with instead of its private score: values that mean the same whichever
// matcher they come from, so they can be added over fingers and faces and held to one threshold.

#include "engine/base/units.h"

namespace whorl::matchers {

struct Calibrated {
  // ln( p(score | one person) / p(score | two people) ). Positive speaks for a match; independent
  // samples add up. Every calibration bounds it on both sides by what its data can back.
  LogLikelihoodRatio ratio{0};
  // The chance that two different people score this much or more.
  FalseMatchRate fmr{1};

  bool operator==(const Calibrated&) const = default;
};

}  // namespace whorl::matchers
