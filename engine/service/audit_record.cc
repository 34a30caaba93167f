#include "engine/service/audit_record.h"

#include <algorithm>
#include <limits>

#include "engine/base/byte_reader.h"

namespace whorl::service {
namespace {

constexpr std::string_view kMagic = "WHRLAUDT";

enum class Kind : std::uint8_t { request = 1, opened = 2, purged = 3 };
constexpr unsigned kRepeated = 1, kCut = 2, kAlike = 4;  // flags

// Some field's text and how much of it is kept.
struct Text {
  std::string AuditRecord::*field;
  std::size_t bound;
};
constexpr Text kTexts[] = {{&AuditRecord::client, kMaxClientNameBytes},
                           {&AuditRecord::gallery, kMaxGalleryNameBytes},
                           {&AuditRecord::purpose, kMaxPurposeBytes},
                           {&AuditRecord::request_id, kMaxRequestIdBytes},
                           {&AuditRecord::decision, kMaxDecisionBytes}};

void write_time(ByteWriter& out, UnixMillis at) { out.u64(static_cast<std::uint64_t>(at.value())); }
UnixMillis read_time(ByteReader& in) { return UnixMillis{static_cast<std::int64_t>(in.u64())}; }

void write_place(ByteWriter& out, const AuditPlace& place) {
  out.u64(place.number);
  out.bytes(place.mac);
}
AuditPlace read_place(ByteReader& in) {
  AuditPlace place;
  place.number = in.u64();
  std::ranges::copy(in.take(place.mac.size()), place.mac.begin());
  return place;
}

void write(ByteWriter& out, const AuditRecord& r) {
  const bool cut = r.cut || std::ranges::any_of(kTexts, [&](const Text& text) {
                     return (r.*text.field).size() > text.bound;
                   });
  out.u8(static_cast<unsigned>(Kind::request));
  write_time(out, r.at);
  out.u8(static_cast<unsigned>(r.verb));
  out.u8((r.repeated ? kRepeated : 0U) | (cut ? kCut : 0U) | (r.alike > 0 ? kAlike : 0U));
  out.u16(r.fault);
  out.u32(r.samples);
  out.u32(r.candidates);
  out.u64(r.subject);
  if (r.alike > 0) out.u32(r.alike);
  for (const Text& text : kTexts) {
    const auto kept = std::string_view(r.*text.field).substr(0, text.bound);
    out.u16(kept.size());
    out.text(kept);
  }
}

void write(ByteWriter& out, const AuditOpened& opened) {
  out.u8(static_cast<unsigned>(Kind::opened));
  write_time(out, opened.at);
  out.u64(opened.torn_bytes);
}

void write(ByteWriter& out, const AuditPurged& purged) {
  out.u8(static_cast<unsigned>(Kind::purged));
  write_time(out, purged.at);
  write_place(out, purged.before);
  write_place(out, purged.last);
}

Result<AuditContent> read_request(ByteReader& in) {
  AuditRecord r;
  r.at = read_time(in);
  r.verb = static_cast<Verb>(in.u8());  // one of a later version is kept as its number
  const std::uint64_t flags_at = in.offset();
  const unsigned flags = in.u8();
  r.repeated = (flags & kRepeated) != 0;
  r.cut = (flags & kCut) != 0;
  r.fault = in.u16();
  r.samples = in.u32();
  r.candidates = in.u32();
  r.subject = in.u64();
  if ((flags & kAlike) != 0) r.alike = in.u32();
  if (in.ok() && (flags & ~(kRepeated | kCut | kAlike)) != 0)
    return fail(Fault::out_of_range, flags_at);
  for (const Text& text : kTexts) {
    const std::uint64_t length_at = in.offset();
    const std::size_t length = in.u16();
    if (in.ok() && length > text.bound) return fail(Fault::out_of_range, length_at);
    for (const std::byte b : in.take(length)) {
      (r.*text.field).push_back(static_cast<char>(std::to_integer<unsigned char>(b)));
    }
  }
  return r;
}

AuditContent read_opened(ByteReader& in) {
  AuditOpened opened;
  opened.at = read_time(in);
  opened.torn_bytes = in.u64();
  return opened;
}

AuditContent read_purged(ByteReader& in) {
  AuditPurged purged;
  purged.at = read_time(in);
  purged.before = read_place(in);
  purged.last = read_place(in);
  return purged;
}

Result<AuditContent> read_kind(unsigned kind, ByteReader& in) {
  switch (static_cast<Kind>(kind)) {
    case Kind::request:
      return read_request(in);
    case Kind::opened:
      return read_opened(in);
    case Kind::purged:
      return read_purged(in);
  }
  return fail(Fault::unsupported);
}

}  // namespace

Bytes encode_audit_body(const AuditContent& content) {
  ByteWriter out;
  std::visit([&](const auto& what) { write(out, what); }, content);
  return out.take();
}

Result<AuditContent> decode_audit_body(std::span<const std::byte> body) {
  ByteReader in(body);
  const unsigned kind = in.u8();
  if (!in.ok()) return fail(Fault::truncated, body.size());
  auto content = read_kind(kind, in);
  if (!content) return content;
  if (!in.ok()) return fail(Fault::truncated, body.size());
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return content;
}

Bytes encode_audit_header(const AuditPlace& before) {
  ByteWriter out;
  out.text(kMagic);
  out.u16(kAuditLayout);
  write_place(out, {before.number + 1, before.mac});
  return out.take();
}

Result<AuditPlace> decode_audit_header(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto magic = in.take(kMagic.size());
  const unsigned layout = in.u16();
  AuditPlace place = read_place(in);
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (!std::ranges::equal(magic, as_bytes(kMagic))) return fail(Fault::bad_magic);
  if (layout != kAuditLayout) return fail(Fault::store_version, kMagic.size());
  if (place.number == 0) return fail(Fault::out_of_range, kMagic.size() + 2);
  --place.number;
  return place;
}

}  // namespace whorl::service
