// ANSI/INCITS 378-2004. docs/formats/ansi378-2004.md is the byte table.

#include "engine/formats/dialects.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = MinutiaeFormat::ansi378_2004;
constexpr std::uint16_t kShortestRecord = 26;  // the header; shorter lengths are ISO's upper half
constexpr std::uint16_t kShortestIsoRecord = 24;
constexpr std::size_t kShortForm = 0xFFFF;  // the longest record whose length takes two bytes
constexpr std::size_t kLongLengthExtra = 4;
// The sample printed in the standard counts a header of 24 bytes, ISO's: its length is 2 short.
constexpr std::size_t kSampleShortBy = 2;
constexpr std::uint16_t kMaxSensorId = 0x0FFF;
constexpr unsigned kCertificationShift = 12;
// From the end of the length on:
constexpr std::size_t kFrameAt = 6;
constexpr std::size_t kViewsAt = 14;

// Two bytes, or two of zero and four more for what two cannot hold. Gives the declared length back
// where it is the known wrong one.
Result<std::optional<std::uint32_t>> read_declared_length(ByteReader& in, std::size_t actual) {
  const std::uint16_t two_bytes = in.u16();
  if (two_bytes != 0) {
    if (two_bytes + kSampleShortBy == actual && actual <= kShortForm) return two_bytes;
    WHORL_TRY_VOID(check_declared_length(two_bytes, actual));
    return std::nullopt;
  }
  const std::uint32_t length = in.u32();
  if (length <= kShortForm) return fail(Fault::out_of_range, kLengthOffset + 2);
  WHORL_TRY_VOID(check_declared_length(length, actual));
  return std::nullopt;
}

}  // namespace

bool looks_like_ansi378_2004(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthOffset);
  const std::uint16_t first = in.u16();
  const std::uint16_t second = in.u16();
  return first == 0 ? second < kShortestIsoRecord : first >= kShortestRecord;
}

Result<MinutiaeRecord> read_ansi378_2004(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(4);
  const std::uint8_t first_of_version = in.u8();
  in.take(3);
  MinutiaeRecord record;
  record.format = kFormat;
  WHORL_TRY(record.declared_length, read_declared_length(in, bytes.size()));
  const std::size_t base = in.offset();
  record.zero_padded_version = first_of_version == '0';
  record.vendor = in.u16();
  record.subformat = in.u16();
  const std::uint16_t certification_and_sensor = in.u16();
  record.certifications =
      static_cast<std::uint8_t>(certification_and_sensor >> kCertificationShift);
  record.sensor_id = certification_and_sensor & kMaxSensorId;
  const SharedFrame frame = read_frame(in);
  const std::uint8_t views = in.u8();
  const std::uint8_t reserved = in.u8();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_frame(frame.width_px, frame.height_px, base + kFrameAt));
  WHORL_TRY_VOID(check_view_count(views, base + kViewsAt));
  if (reserved != 0) return fail(Fault::out_of_range, base + kViewsAt + 1);

  record.views.reserve(views);
  for (int i = 0; i < views; ++i) {
    WHORL_TRY(FingerView view, read_compact_view(in, kFormat, frame, i + 1 == views));
    record.views.push_back(std::move(view));
  }
  WHORL_TRY_VOID(check_end(in));
  return record;
}

Result<Bytes> write_ansi378_2004(const MinutiaeRecord& record) {
  WHORL_TRY_VOID(check_header_fields(record, {.cbeff_owner = true,
                                              .certifications_max = 0x0F,
                                              .sensor_id_max = kMaxSensorId,
                                              .zero_padded_version = true,
                                              .declared_length = true}));
  const FingerView& first = record.views.front();
  WHORL_TRY_VOID(check_frame(first.width_px, first.height_px, kLengthOffset + 2 + kFrameAt));
  ByteWriter body;  // all that follows the length, whose own width depends on it
  body.u16(record.vendor);
  body.u16(record.subformat);
  body.u16(static_cast<unsigned>(record.certifications) << kCertificationShift | record.sensor_id);
  write_frame(body, first);
  body.u8(record.views.size());
  body.u8(0);
  for (const FingerView& view : record.views) {
    WHORL_TRY_VOID(write_compact_view(body, kFormat, view, first, &view == &record.views.back()));
  }
  ByteWriter out;
  out.u32(kRecordMagic);
  out.u32(record.zero_padded_version ? kVersion020 : kVersion20);
  const std::size_t short_length = kLengthOffset + 2 + body.size();
  if (record.declared_length &&
      (short_length > kShortForm || *record.declared_length + kSampleShortBy != short_length)) {
    return fail(Fault::out_of_range, kLengthOffset);
  }
  if (short_length <= kShortForm) {
    out.u16(record.declared_length.value_or(static_cast<std::uint32_t>(short_length)));
  } else {
    out.u16(0);
    out.u32(short_length + kLongLengthExtra);
  }
  out.bytes(body.view());
  return out.take();
}

}  // namespace whorl::formats
