#pragma once
// What the engine's stream and its judge agree on.

#include <memory>
#include <string>

#include "engine/search/engine.h"
#include "scanners/simulated/people.h"

namespace whorl::search {

inline constexpr const char* kStreamGallery = "stream";
inline constexpr char kEnrolled = 'e';  // acknowledged
inline constexpr char kDeleting = 'b';  // asked for: from here on it may be gone
inline constexpr char kDeleted = 'x';   // acknowledged

inline SubjectId subject_of(std::uint64_t person) { return SubjectId{person + 1}; }

// What the stream writes down of each change: the subject's number, under the request's name.
inline gallery::Note note_of(char what, SubjectId subject) {
  const std::string number = std::to_string(subject.value());
  const auto content = as_bytes(number);
  return {std::string(1, what) + number, {content.begin(), content.end()}};
}

inline Enrolment enrolment_of(std::uint64_t person) {
  const scanners::Person who = scanners::Population(5).person(person);
  Enrolment enrolment{subject_of(person), {}, true};
  enrolment.encounter.demographics = who.demographics();
  enrolment.encounter.templates.emplace_back(who.capture(FingerPosition::right_index, 0));
  enrolment.note = [person](const std::optional<Answer>&) {
    return note_of(kEnrolled, subject_of(person));
  };
  return enrolment;
}

inline Result<std::unique_ptr<Engine>> open_engine(const std::string& folder) {
  EngineOptions options;
  options.folder = folder;
  options.master = *Key::from_hex(std::string(64, '5'));
  options.create = true;
  return Engine::open(options);
}

}  // namespace whorl::search
