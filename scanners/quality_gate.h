#pragma once

#include <optional>
#include <string>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "scanners/driver.h"

namespace whorl::scanners {

// What a station lets through. A poor reference harms every later search, so it is asked for again
// while the person is still there.
struct GateLimits {
  // Below 15 minutiae one search in five misses its mate at a false match rate of 1/1000 (measured
  // on FVC2002); 12 is what MINEX calls usable and what dry fingers can still reach.
  int fewest_minutiae = 12;
  // ISO/IEC 29794-1 scores; captures whose source reports none are let through.
  int lowest_finger_quality = 20;
  int lowest_face_quality = 20;
};

struct Refusal {
  Fault fault;
  bool worth_a_retry;  // the person can do better; otherwise the device or file is at fault
  std::string reason;  // one sentence for the clerk: what is wrong and what to do
};

// Nothing where the capture may be enrolled. Every template of it must pass; the first that does
// not is the reason. Pure; about a microsecond.
std::optional<Refusal> refusal_of(const Capture& capture, const GateLimits& limits);

}  // namespace whorl::scanners
