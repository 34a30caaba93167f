#pragma once
// Keys of records, in the order in which they are walked, and their names for people.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/base/units.h"

namespace whorl::gallery {

struct SubjectPlace {
  GalleryId gallery;
  SubjectId subject;
  auto operator<=>(const SubjectPlace&) const = default;
};

struct EncounterPlace {
  SubjectPlace of;
  EncounterId encounter;
  auto operator<=>(const EncounterPlace&) const = default;
};

// A file that face templates of an encounter were made of.
struct PicturePlace {
  EncounterPlace of;
  std::uint8_t number = 0;
};

// Big-endian, so that the order of the bytes is the order of the numbers.
inline constexpr std::size_t kGalleryKeyBytes = 4;
inline constexpr std::size_t kSubjectKeyBytes = kGalleryKeyBytes + 8;
inline constexpr std::size_t kEncounterKeyBytes = kSubjectKeyBytes + 4;
inline constexpr std::size_t kPictureKeyBytes = kEncounterKeyBytes + 1;

Bytes key_of(GalleryId gallery);  // where the gallery's subjects begin
Bytes key_of(SubjectPlace place);
Bytes key_of(EncounterPlace place);
Bytes key_of(const PicturePlace& place);
Bytes key_of(Revision revision);
// Absent when the key has another length than keys of its kind.
std::optional<SubjectPlace> subject_of(std::span<const std::byte> key);
std::optional<EncounterPlace> encounter_of(std::span<const std::byte> key);
std::optional<PicturePlace> picture_of(std::span<const std::byte> key);
std::optional<Revision> revision_of(std::span<const std::byte> key);

// The next possible key after `place`; absent after the last of all.
std::optional<SubjectPlace> after(SubjectPlace place);

// Keys in the meta space.
inline constexpr std::string_view kHeaderKey = "header";
inline constexpr std::string_view kRevisionKey = "revision";
inline constexpr std::string_view kGalleryPrefix = "gallery/";
inline constexpr std::string_view kSidePrefix = "side/";
inline constexpr std::string_view kRotationKey = "rotation";
inline constexpr std::string_view kErasingPrefix = "erasing/";
inline constexpr std::string_view kNotePrefix = "note/";
inline constexpr std::string_view kNotedPrefix = "noted/";  // notes by time
Bytes meta_key(std::string_view prefix, std::span<const std::byte> rest);
// What follows the prefix; absent where the key does not begin with it.
std::optional<std::span<const std::byte>> after_prefix(std::string_view prefix,
                                                       std::span<const std::byte> key);

std::string text_in(std::span<const std::byte> bytes);

// "gallery 3, subject 17, encounter 2": pseudonyms, which may be logged.
std::string name_of(SubjectPlace place);
std::string name_of(EncounterPlace place);
std::string name_of(const PicturePlace& place);
std::string name_of(GalleryId gallery);
// "subject 17, encounter 2": for a caller, who named the gallery and does not know its number.
std::string name_in_gallery(SubjectId subject);
std::string name_in_gallery(const EncounterPlace& place);
std::string name_of_note(std::string_view note);

}  // namespace whorl::gallery
