#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "engine/base/biometrics.h"

namespace whorl::index {

// Whose template an index row holds. 16 bytes, on disk as in memory.
struct PrintOwner {
  std::uint64_t subject = 0;     // SubjectId
  std::uint32_t encounter = 0;   // EncounterId
  std::uint16_t birth_year = 0;  // 0: not recorded
  std::uint8_t sex = 0;          // Sex
  std::uint8_t ordinal = 0;      // which template of the encounter

  SubjectId subject_id() const { return SubjectId{subject}; }
  EncounterId encounter_id() const { return EncounterId{encounter}; }
  bool operator==(const PrintOwner&) const = default;
};
static_assert(sizeof(PrintOwner) == 16);
static_assert(std::has_unique_object_representations_v<PrintOwner>, "no padding on disk");

// The order in which equal scores are listed: the same whatever order the templates were added in.
inline bool earlier(const PrintOwner& a, const PrintOwner& b) {
  if (a.subject != b.subject) return a.subject < b.subject;
  if (a.encounter != b.encounter) return a.encounter < b.encounter;
  return a.ordinal < b.ordinal;
}

// Whom a search considers. Where a value was not recorded the subject stays in: a filter may save
// time, it may not hide a person.
struct Filter {
  Sex sex = Sex::not_recorded;       // not_recorded: any
  std::uint16_t birth_year_min = 0;  // both 0: any
  std::uint16_t birth_year_max = 0;
  std::vector<SubjectId> excluded;  // ascending

  bool all() const { return sex == Sex::not_recorded && birth_year_max == 0 && excluded.empty(); }
  bool admits(const PrintOwner& owner) const {
    if (sex != Sex::not_recorded && owner.sex != 0 && owner.sex != static_cast<std::uint8_t>(sex)) {
      return false;
    }
    if (birth_year_max != 0 && owner.birth_year != 0 &&
        (owner.birth_year < birth_year_min || owner.birth_year > birth_year_max)) {
      return false;
    }
    return !std::ranges::binary_search(excluded, owner.subject_id());
  }
};

}  // namespace whorl::index
