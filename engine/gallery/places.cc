#include "engine/gallery/places.h"

#include <algorithm>
#include <limits>

#include "engine/base/byte_reader.h"

namespace whorl::gallery {

Bytes key_of(GalleryId gallery) {
  ByteWriter out;
  out.u32(gallery.value());
  return out.take();
}

Bytes key_of(SubjectPlace place) {
  ByteWriter out;
  out.u32(place.gallery.value());
  out.u64(place.subject.value());
  return out.take();
}

Bytes key_of(EncounterPlace place) {
  ByteWriter out;
  out.u32(place.of.gallery.value());
  out.u64(place.of.subject.value());
  out.u32(place.encounter.value());
  return out.take();
}

Bytes key_of(const PicturePlace& place) {
  ByteWriter out;
  out.bytes(key_of(place.of));
  out.u8(place.number);
  return out.take();
}

Bytes key_of(Revision revision) {
  ByteWriter out;
  out.u64(revision.value());
  return out.take();
}

std::optional<SubjectPlace> subject_of(std::span<const std::byte> key) {
  if (key.size() != kSubjectKeyBytes) return std::nullopt;
  ByteReader in(key);
  const GalleryId gallery{in.u32()};
  return SubjectPlace{gallery, SubjectId{in.u64()}};
}

std::optional<EncounterPlace> encounter_of(std::span<const std::byte> key) {
  if (key.size() != kEncounterKeyBytes) return std::nullopt;
  ByteReader in(key.subspan(kSubjectKeyBytes));
  return EncounterPlace{*subject_of(key.first(kSubjectKeyBytes)), EncounterId{in.u32()}};
}

std::optional<PicturePlace> picture_of(std::span<const std::byte> key) {
  if (key.size() != kPictureKeyBytes) return std::nullopt;
  return PicturePlace{*encounter_of(key.first(kEncounterKeyBytes)),
                      std::to_integer<std::uint8_t>(key.back())};
}

std::optional<Revision> revision_of(std::span<const std::byte> key) {
  if (key.size() != sizeof(Revision::rep)) return std::nullopt;
  return Revision{ByteReader(key).u64()};
}

std::optional<SubjectPlace> after(SubjectPlace place) {
  if (place.subject.value() != std::numeric_limits<SubjectId::rep>::max()) {
    return SubjectPlace{place.gallery, SubjectId{place.subject.value() + 1}};
  }
  if (place.gallery.value() == std::numeric_limits<GalleryId::rep>::max()) return std::nullopt;
  return SubjectPlace{GalleryId{place.gallery.value() + 1}, SubjectId{0}};
}

Bytes meta_key(std::string_view prefix, std::span<const std::byte> rest) {
  ByteWriter out;
  out.text(prefix);
  out.bytes(rest);
  return out.take();
}

std::optional<std::span<const std::byte>> after_prefix(std::string_view prefix,
                                                       std::span<const std::byte> key) {
  const auto start = as_bytes(prefix);
  if (key.size() < start.size() || !std::ranges::equal(key.first(start.size()), start)) return {};
  return key.subspan(start.size());
}

std::string text_in(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte c : bytes) text += std::to_integer<char>(c);
  return text;
}

std::string name_of_note(std::string_view note) { return "note " + std::string(note); }

std::string name_of(GalleryId gallery) { return "gallery " + std::to_string(gallery.value()); }

std::string name_of(SubjectPlace place) {
  return name_of(place.gallery) + ", " + name_in_gallery(place.subject);
}

std::string name_of(EncounterPlace place) {
  return name_of(place.of.gallery) + ", " + name_in_gallery(place);
}

std::string name_of(const PicturePlace& place) {
  return name_of(place.of) + ", picture " + std::to_string(place.number + 1);
}

std::string name_in_gallery(SubjectId subject) {
  return "subject " + std::to_string(subject.value());
}

std::string name_in_gallery(const EncounterPlace& place) {
  return name_in_gallery(place.of.subject) + ", encounter " +
         std::to_string(place.encounter.value());
}

}  // namespace whorl::gallery
