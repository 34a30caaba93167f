#pragma once

#include <cstdint>
#include <string>

#include "engine/app/console.h"
#include "engine/base/units.h"
#include "engine/search/query.h"

namespace whorl::app {

// How answers compare with the truth, where the truth is known.
struct Evaluation {
  std::int64_t mated = 0;       // queries whose person is in the gallery
  std::int64_t rank1 = 0;       // of them, their person is the first candidate
  std::int64_t found = 0;       // of them, decided as a hit on their person
  std::int64_t referred = 0;    // of them, their person is shown to an examiner
  std::int64_t unmated = 0;     // queries of people who are not in the gallery
  std::int64_t false_hits = 0;  // hits on another person, mated or not
  std::int64_t false_referrals = 0;

  void add(SubjectId truth, bool enrolled, const search::Answer& answer);
  std::int64_t missed() const { return mated - found - referred; }
};

Json as_json(const Evaluation& evaluation);
std::string as_text(const Evaluation& evaluation);

}  // namespace whorl::app
