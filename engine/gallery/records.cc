#include "engine/gallery/records.h"

#include "engine/base/crc32c.h"

namespace whorl::gallery {
namespace {

std::uint32_t sum_of(std::span<const std::byte> key, std::span<const std::byte> body) {
  const std::byte version{kStoreVersion};
  return crc32c(body, crc32c(std::span(&version, 1), crc32c(key)));
}

// A record whose sum is right and whose fields are not was written by a faulty program.
template <class Record>
Result<Record> complete(const ByteReader& in, Record record) {
  if (!in.ok() || in.remaining() != 0) return fail(Fault::store_corrupt);
  return record;
}

UnixMillis read_time(ByteReader& in) { return UnixMillis{static_cast<std::int64_t>(in.u64())}; }
void write_time(ByteWriter& out, UnixMillis time) {
  out.u64(static_cast<std::uint64_t>(time.value()));
}
std::int64_t read_count(ByteReader& in) { return static_cast<std::int64_t>(in.u64()); }
void write_count(ByteWriter& out, std::int64_t count) {
  out.u64(static_cast<std::uint64_t>(count));
}
Bytes rest_of(ByteReader& in) {
  const auto rest = in.take(in.remaining());
  return {rest.begin(), rest.end()};
}

}  // namespace

Bytes frame(std::span<const std::byte> key, std::span<const std::byte> body) {
  ByteWriter out;
  out.u8(kStoreVersion);
  out.u32(sum_of(key, body));
  out.bytes(body);
  return out.take();
}

Result<std::span<const std::byte>> unframe(std::span<const std::byte> key,
                                           std::span<const std::byte> value) {
  ByteReader in(value);
  const std::uint8_t version = in.u8();
  const std::uint32_t sum = in.u32();
  if (!in.ok()) return fail(Fault::store_corrupt);
  const auto body = in.take(in.remaining());
  if (version != kStoreVersion) return fail(Fault::store_version);
  if (sum != sum_of(key, body)) return fail(Fault::bad_checksum);
  return body;
}

Bytes encode(const HeaderRecord& record) {
  ByteWriter out;
  out.bytes(record.id);
  write_time(out, record.created_at);
  out.bytes(record.key_check);
  return out.take();
}

Result<HeaderRecord> decode_header(std::span<const std::byte> body) {
  ByteReader in(body);
  HeaderRecord record;
  std::ranges::copy(in.take(record.id.size()), record.id.begin());
  record.created_at = read_time(in);
  record.key_check = rest_of(in);
  return complete(in, std::move(record));
}

void Tally::add(const Tally& other, int sign) {
  for (std::size_t i = 0; i < fingers.size(); ++i) fingers.at(i) += sign * other.fingers.at(i);
  faces += sign * other.faces;
}

Tally tally_of(const Encounter& encounter) {
  Tally tally;
  for (const Template& t : encounter.templates) {
    if (const auto* finger = std::get_if<FingerTemplate>(&t)) {
      ++tally.fingers.at(static_cast<std::size_t>(finger->position));
    } else {
      ++tally.faces;
    }
  }
  return tally;
}

Bytes encode(const GalleryRecord& record) {
  ByteWriter out;
  write_time(out, record.created_at);
  out.u8(record.name.size());
  out.text(record.name);
  write_count(out, record.subjects);
  write_count(out, record.encounters);
  for (const std::int64_t count : record.templates.fingers) write_count(out, count);
  write_count(out, record.templates.faces);
  if (record.settings != GallerySettings{}) {
    out.u8(static_cast<std::uint8_t>(record.settings.face_index));
    out.u8(record.settings.keep_pictures ? 1 : 0);
    out.u8(record.settings.moving_to.size());
    out.text(record.settings.moving_to);
  }
  return out.take();
}

Result<GalleryRecord> decode_gallery(std::span<const std::byte> body) {
  ByteReader in(body);
  GalleryRecord record;
  record.created_at = read_time(in);
  record.name = text_in(in.take(in.u8()));
  record.subjects = read_count(in);
  record.encounters = read_count(in);
  for (std::int64_t& count : record.templates.fingers) count = read_count(in);
  record.templates.faces = read_count(in);
  if (in.ok() && in.remaining() == 0) return record;
  const std::uint8_t kind = in.u8();
  if (in.ok() && kind >= kFaceIndexKinds.size()) return fail(Fault::store_version);
  record.settings.face_index = FaceIndexKind{kind};
  record.settings.keep_pictures = in.u8() != 0;
  record.settings.moving_to = text_in(in.take(in.u8()));
  return complete(in, std::move(record));
}

Bytes encode(const SubjectRecord& record) {
  ByteWriter out;
  out.u32(record.next.value());
  out.u32(record.encounters);
  out.bytes(record.wrapped_key);
  return out.take();
}

Result<SubjectRecord> decode_subject(std::span<const std::byte> body) {
  ByteReader in(body);
  SubjectRecord record;
  record.next = EncounterId{in.u32()};
  record.encounters = in.u32();
  record.wrapped_key = rest_of(in);
  return complete(in, std::move(record));
}

Bytes encode(const ChangeEntry& entry) {
  ByteWriter out;
  out.u8(static_cast<std::uint8_t>(entry.operation));
  out.u32(entry.gallery.value());
  out.u64(entry.subject.value());
  out.u32(entry.encounter.value());
  write_time(out, entry.changed_at);
  return out.take();
}

Result<ChangeEntry> decode_change(Revision revision, std::span<const std::byte> body) {
  ByteReader in(body);
  ChangeEntry entry;
  entry.revision = revision;
  const std::uint8_t operation = in.u8();
  entry.operation = static_cast<Operation>(operation);
  entry.gallery = GalleryId{in.u32()};
  entry.subject = SubjectId{in.u64()};
  entry.encounter = EncounterId{in.u32()};
  entry.changed_at = read_time(in);
  if (operation < static_cast<std::uint8_t>(Operation::enrol) ||
      operation > static_cast<std::uint8_t>(Operation::erase_subject)) {
    return fail(Fault::store_version);  // a later version's operation: not ours to guess
  }
  return complete(in, entry);
}

Bytes encode(const Noted& noted) {
  ByteWriter out;
  write_time(out, noted.noted_at);
  out.u64(noted.revision.value());
  out.bytes(key_of(EncounterPlace{{noted.gallery, noted.subject}, noted.encounter}));
  out.bytes(noted.content);
  return out.take();
}

Result<Noted> decode_note(std::span<const std::byte> plain) {
  ByteReader in(plain);
  Noted noted;
  noted.noted_at = read_time(in);
  noted.revision = Revision{in.u64()};
  noted.gallery = GalleryId{in.u32()};
  noted.subject = SubjectId{in.u64()};
  noted.encounter = EncounterId{in.u32()};
  noted.content = rest_of(in);
  return complete(in, std::move(noted));
}

Bytes encode(Revision revision) { return key_of(revision); }

Result<Revision> decode_revision(std::span<const std::byte> body) {
  const auto revision = revision_of(body);
  if (!revision) return fail(Fault::store_corrupt);
  return *revision;
}

}  // namespace whorl::gallery
