#pragma once
// The simulated people both benches enrol and search for.

#include "engine/base/biometrics.h"
#include "scanners/simulated/people.h"

namespace whorl::app {

// The fingers most registers take first.
inline constexpr FingerPosition kFingerOrder[] = {
    FingerPosition::right_index, FingerPosition::left_index,   FingerPosition::right_thumb,
    FingerPosition::left_thumb,  FingerPosition::right_middle, FingerPosition::left_middle,
    FingerPosition::right_ring,  FingerPosition::left_ring,    FingerPosition::right_little,
    FingerPosition::left_little};

// Capture `number` of the first `fingers` fingers of person `index`, without codes.
inline Encounter capture_fingers(const scanners::Population& population, std::int64_t index,
                                 int fingers, std::uint64_t number) {
  const scanners::Person person = population.person(static_cast<std::uint64_t>(index));
  Encounter encounter;
  encounter.demographics = person.demographics();
  for (int f = 0; f < fingers; ++f)
    encounter.templates.emplace_back(person.capture(kFingerOrder[f], number));
  return encounter;
}

inline SubjectId bench_subject(std::int64_t person) {
  return SubjectId{static_cast<std::uint64_t>(person) + 1};
}

}  // namespace whorl::app
