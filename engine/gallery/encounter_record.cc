#include "engine/base/limits.h"
#include "engine/formats/template_container.h"
#include "engine/gallery/records.h"

namespace whorl::gallery {
namespace {

Result<> check_limits(const Encounter& encounter) {
  if (encounter.source.size() > kMaxSourceBytes) return fail(Fault::limit_exceeded);
  if (encounter.templates.empty()) return fail(Fault::empty_input);
  if (encounter.templates.size() > kMaxTemplatesPerEncounter) return fail(Fault::limit_exceeded);
  if (encounter.demographics.sex > Sex::other) return fail(Fault::out_of_range);
  for (const Template& t : encounter.templates) {
    const auto* finger = std::get_if<FingerTemplate>(&t);
    if (finger != nullptr && finger->position > FingerPosition::left_little) {
      return fail(Fault::out_of_range);
    }
  }
  return {};
}

}  // namespace

//   captured_at u64 | sex u8 | birth year u16 | source: length u8, bytes
//   | templates: count u8, then each: length u32, a template container
Result<Bytes> encode(const Encounter& encounter) {
  WHORL_TRY_VOID(check_limits(encounter));
  ByteWriter out;
  out.u64(static_cast<std::uint64_t>(encounter.captured_at.value()));
  out.u8(static_cast<std::uint8_t>(encounter.demographics.sex));
  out.u16(encounter.demographics.birth_year);
  out.u8(encounter.source.size());
  out.text(encounter.source);
  out.u8(encounter.templates.size());
  for (const Template& t : encounter.templates) {
    WHORL_TRY(const Bytes container, formats::encode_template(t));
    out.u32(container.size());
    out.bytes(container);
  }
  return out.take();
}

Result<Encounter> decode_encounter(std::span<const std::byte> plain) {
  ByteReader in(plain);
  Encounter encounter;
  encounter.captured_at = UnixMillis{static_cast<std::int64_t>(in.u64())};
  encounter.demographics.sex = static_cast<Sex>(in.u8());
  encounter.demographics.birth_year = in.u16();
  encounter.source = text_in(in.take(in.u8()));
  const int count = in.u8();
  for (int i = 0; i < count && in.ok(); ++i) {
    WHORL_TRY(Template t, formats::decode_template(in.take(in.u32())));
    encounter.templates.push_back(std::move(t));
  }
  if (!in.ok() || in.remaining() != 0) return fail(Fault::store_corrupt);
  WHORL_TRY_VOID(check_limits(encounter));
  return encounter;
}

}  // namespace whorl::gallery
