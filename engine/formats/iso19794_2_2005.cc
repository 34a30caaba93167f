// ISO/IEC 19794-2:2005, record format. docs/formats/iso19794-2-2005.md is the byte table.

#include "engine/formats/dialects.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = MinutiaeFormat::iso19794_2_2005;
constexpr std::size_t kSensorAt = 12;
constexpr std::size_t kFrameAt = 14;
constexpr std::size_t kViewsAt = 22;
constexpr std::uint16_t kMaxSensorId = 0x0FFF;
constexpr unsigned kCertificationShift = 12;

}  // namespace

Result<MinutiaeRecord> read_iso19794_2_2005(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthOffset);
  WHORL_TRY_VOID(check_declared_length(in.u32(), bytes.size()));
  const std::uint16_t certification_and_sensor = in.u16();
  const SharedFrame frame = read_frame(in);
  const std::uint8_t views = in.u8();
  const std::uint8_t reserved = in.u8();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_frame(frame.width_px, frame.height_px, kFrameAt));
  WHORL_TRY_VOID(check_view_count(views, kViewsAt));
  if (reserved != 0) return fail(Fault::out_of_range, kViewsAt + 1);

  MinutiaeRecord record;
  record.format = kFormat;
  record.certifications =
      static_cast<std::uint8_t>(certification_and_sensor >> kCertificationShift);
  record.sensor_id = certification_and_sensor & kMaxSensorId;
  record.views.reserve(views);
  for (int i = 0; i < views; ++i) {
    WHORL_TRY(FingerView view, read_compact_view(in, kFormat, frame, i + 1 == views));
    record.views.push_back(std::move(view));
  }
  WHORL_TRY_VOID(check_end(in));
  return record;
}

Result<Bytes> write_iso19794_2_2005(const MinutiaeRecord& record) {
  WHORL_TRY_VOID(
      check_header_fields(record, {.certifications_max = 0x0F, .sensor_id_max = kMaxSensorId}));
  const FingerView& first = record.views.front();
  WHORL_TRY_VOID(check_frame(first.width_px, first.height_px, kFrameAt));
  ByteWriter out;
  out.u32(kRecordMagic);
  out.u32(kVersion20);
  out.u32(0);
  static_assert(kSensorAt == kLengthOffset + 4);
  out.u16(static_cast<unsigned>(record.certifications) << kCertificationShift | record.sensor_id);
  write_frame(out, first);
  out.u8(record.views.size());
  out.u8(0);
  for (const FingerView& view : record.views) {
    WHORL_TRY_VOID(write_compact_view(out, kFormat, view, first, &view == &record.views.back()));
  }
  out.patch_u32(kLengthOffset, out.size());
  return out.take();
}

}  // namespace whorl::formats
