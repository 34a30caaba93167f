#pragma once
// What the enrolment stream and its judge agree on.

#include <cstdint>

namespace whorl::gallery {

// Every subject is enrolled with this many encounters in one batch: fewer in the store are half a
// batch, more are one stored twice.
inline constexpr int kEncountersPerSubject = 2;
inline constexpr std::uint64_t seed_of(std::uint64_t subject, int encounter) {
  return subject * kEncountersPerSubject + static_cast<std::uint64_t>(encounter);
}

// Lines of the stream: one letter, one subject number.
inline constexpr char kEnrolled = 'e';  // acknowledged
inline constexpr char kErasing = 'b';   // asked for: from here on it may be gone
inline constexpr char kErased = 'x';    // acknowledged

}  // namespace whorl::gallery
