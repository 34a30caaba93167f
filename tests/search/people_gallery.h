#pragma once
// Simulated people in a gallery index: what the search tests look through.

#include <deque>
#include <vector>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/search/gallery_index.h"
#include "scanners/simulated/people.h"

namespace whorl::search {

inline constexpr FingerPosition kRightIndex = FingerPosition::right_index;
inline constexpr FingerPosition kLeftIndex = FingerPosition::left_index;

inline Encounter visit_of(const scanners::Person& person, std::vector<FingerPosition> fingers,
                          std::uint64_t number, bool face = false) {
  Encounter visit;
  visit.demographics = person.demographics();
  for (const FingerPosition position : fingers) {
    FingerTemplate print = person.capture(position, number);
    features::describe_minutiae(print);
    visit.templates.emplace_back(std::move(print));
  }
  if (face) visit.templates.emplace_back(person.capture_face(scanners::FaceModel(), number));
  return visit;
}

// People 0 .. count - 1 of seed 77, as subjects 1 .. count, one encounter each.
struct PeopleGallery {
  scanners::Population population{77};
  std::deque<Encounter> visits;
  GalleryIndex index;

  PeopleGallery(std::uint64_t count, const std::vector<FingerPosition>& fingers,
                bool face = false) {
    for (std::uint64_t p = 0; p < count; ++p) {
      add(SubjectId{p + 1}, visit_of(population.person(p), fingers, 0, face));
    }
  }
  void add(SubjectId subject, Encounter visit) {
    visits.push_back(std::move(visit));
    const auto encounter = static_cast<std::uint32_t>(1 + index.places_of(subject).size());
    const IndexedEncounter row{subject, EncounterId{encounter}, &visits.back()};
    index.append({&row, 1});
  }
};

}  // namespace whorl::search
