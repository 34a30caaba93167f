#pragma once
// The bytes of every record of the store: docs/decisions/store-layout.md.

#include <array>
#include <cstdint>
#include <string>

#include "engine/base/biometrics.h"
#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/gallery/places.h"
#include "engine/gallery/store.h"

namespace whorl::gallery {

// Of the store as a whole: another major version is not read. Records of one store all carry it.
inline constexpr std::uint8_t kStoreVersion = 1;

//   version u8 | CRC-32C u32 of key, version and body | body
// The key is part of the sum: a value under another record's key is damage.
inline constexpr std::size_t kFrameBytes = 5;
Bytes frame(std::span<const std::byte> key, std::span<const std::byte> body);
// Faults: truncated becomes store_corrupt here; bad_checksum, store_version.
Result<std::span<const std::byte>> unframe(std::span<const std::byte> key,
                                           std::span<const std::byte> value);

using StoreId = std::array<std::byte, 16>;

struct HeaderRecord {
  StoreId id{};
  UnixMillis created_at;
  Bytes key_check;  // opens with the right master key alone
};
Bytes encode(const HeaderRecord& record);
Result<HeaderRecord> decode_header(std::span<const std::byte> body);

// Templates of one encounter, or of many, by kind.
struct Tally {
  std::array<std::int64_t, kFingerPositions> fingers{};
  std::int64_t faces = 0;

  void add(const Tally& other, int sign);
  bool operator==(const Tally&) const = default;
};
Tally tally_of(const Encounter& encounter);

struct GalleryRecord {
  std::string name;
  UnixMillis created_at;
  std::int64_t subjects = 0;
  std::int64_t encounters = 0;
  Tally templates;
  GallerySettings settings{};
  bool operator==(const GalleryRecord&) const = default;
};
Bytes encode(const GalleryRecord& record);
Result<GalleryRecord> decode_gallery(std::span<const std::byte> body);

struct SubjectRecord {
  EncounterId next;  // the number the next encounter takes
  std::uint32_t encounters = 0;
  Bytes wrapped_key;
};
Bytes encode(const SubjectRecord& record);
Result<SubjectRecord> decode_subject(std::span<const std::byte> body);

Bytes encode(const ChangeEntry& entry);  // all but the revision, which is the key
Result<ChangeEntry> decode_change(Revision revision, std::span<const std::byte> body);

Bytes encode(const Noted& noted);
Result<Noted> decode_note(std::span<const std::byte> plain);

Bytes encode(Revision revision);
Result<Revision> decode_revision(std::span<const std::byte> body);

// What is sealed. Encoding refuses what limits.h and formats::encode_template refuse.
Result<Bytes> encode(const Encounter& encounter);
Result<Encounter> decode_encounter(std::span<const std::byte> plain);

}  // namespace whorl::gallery
