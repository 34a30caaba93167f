#pragma once

#include <vector>

#include "engine/base/biometrics.h"

namespace whorl::formats {

struct TidyLosses {
  int duplicates = 0;  // same place and direction; the one of best quality stays, else the first
  int trimmed = 0;     // beyond kMaxMinutiaePerTemplate

  bool operator==(const TidyLosses&) const = default;
};

// What every template goes through where its bytes enter, so that nothing later has to ask. Of
// minutiae at one place and direction one stays: an extractor that reports a ridge ending twice has
// not found two. Beyond kMaxMinutiaePerTemplate the best by quality stay (0, not reported, counts
// lowest), of equal ones those nearest the centroid, which another capture most likely shows, then
// the earlier. The rest keep their order. Source: ISO/IEC 19794-2:2011, 9.3.2, second option, which
// breaks the last ties by type and angle.
//
// At most kMaxMinutiaePerView, coordinates 0 .. kMaxCoordinatePx. Cost: two sorts of small keys.
TidyLosses tidy_minutiae(std::vector<Minutia>& minutiae);

}  // namespace whorl::formats
