// ISO/IEC 19794-2:2011, off-card record format. docs/formats/iso19794-2-2011.md is the byte table.

#include <utility>

#include "engine/formats/capture_block.h"
#include "engine/formats/dialects.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = MinutiaeFormat::iso19794_2_2011;
constexpr std::size_t kHeaderBytes = 15;
constexpr std::size_t kViewsAt = 12;
constexpr std::size_t kCertificationAt = 14;
constexpr std::size_t kShortestRepresentation = 34;  // no quality, certificates nor minutiae
constexpr unsigned kMinutiaBytesShift = 4;

Result<> read_capture(ByteReader& in, bool with_certificates, FingerView& view) {
  WHORL_TRY(CaptureBlock block, read_capture_block(in, with_certificates));
  view.captured = block.captured;
  view.sensor_technology = block.sensor_technology;
  view.sensor_vendor = block.sensor_vendor;
  view.sensor_id = block.sensor_id;
  view.quality = std::move(block.quality);
  view.certificates = std::move(block.certificates);
  return {};
}

// The finger, its image and its minutiae.
Result<> read_finger(ByteReader& in, FingerView& view) {
  const std::uint64_t start = in.offset();
  const std::uint8_t position = in.u8();
  view.view_number = in.u8();
  view.resolution_x = PixelsPerCm{in.u16()};
  view.resolution_y = PixelsPerCm{in.u16()};
  const std::uint8_t impression = in.u8();
  view.width_px = in.u16();
  view.height_px = in.u16();
  const std::uint8_t size_and_ending = in.u8();
  const std::uint8_t count = in.u8();
  if (!in.ok()) return fail(Fault::truncated, in.offset() + in.remaining());
  const unsigned minutia_bytes = size_and_ending >> kMinutiaBytesShift;
  const std::uint8_t ending = size_and_ending & 0x0F;
  WHORL_TRY_VOID(check_view_fields(kFormat, position, start, impression, start + 6));
  WHORL_TRY_VOID(check_frame(view.width_px, view.height_px, start + 7));
  if ((minutia_bytes != 5 && minutia_bytes != 6) || ending > 1) {
    return fail(Fault::out_of_range, start + 11);
  }
  view.position = static_cast<FingerPosition>(position);
  view.impression = static_cast<Impression>(impression);
  view.ending_type = static_cast<RidgeEndingType>(ending);
  view.has_minutia_quality = minutia_bytes == 6;
  WHORL_TRY(view.minutiae, read_minutiae(in, kFormat, count, view.has_minutia_quality));
  return {};
}

Result<FingerView> read_view(ByteReader& in, bool with_certificates, bool last_view) {
  const std::uint64_t start = in.offset();
  const std::uint32_t length = in.u32();
  if (!in.ok()) return fail(Fault::truncated, start);
  FingerView view;
  WHORL_TRY_VOID(read_capture(in, with_certificates, view));
  WHORL_TRY_VOID(read_finger(in, view));
  WHORL_TRY_VOID(read_extensions(in, kFormat, last_view, view));
  if (in.offset() - start != length) return fail(Fault::length_mismatch, start);
  return view;
}

Result<> write_capture(ByteWriter& out, bool with_certificates, const FingerView& view) {
  return write_capture_block(out, with_certificates,
                             {view.captured, view.sensor_technology, view.sensor_vendor,
                              view.sensor_id, view.quality, view.certificates});
}

Result<> write_finger(ByteWriter& out, const FingerView& view) {
  const std::size_t start = out.size();
  const auto position = static_cast<std::uint8_t>(view.position);
  const auto impression = static_cast<std::uint8_t>(view.impression);
  const auto ending = static_cast<std::uint8_t>(view.ending_type);
  WHORL_TRY_VOID(check_view_fields(kFormat, position, start, impression, start + 6));
  WHORL_TRY_VOID(check_frame(view.width_px, view.height_px, start + 7));
  if (ending > 1) return fail(Fault::out_of_range, start + 11);
  out.u8(position);
  out.u8(view.view_number);
  out.u16(view.resolution_x.value());
  out.u16(view.resolution_y.value());
  out.u8(impression);
  out.u16(view.width_px);
  out.u16(view.height_px);
  out.u8((view.has_minutia_quality ? 6U : 5U) << kMinutiaBytesShift | ending);
  return write_counted_minutiae(out, kFormat, view);
}

}  // namespace

bool looks_like_iso19794_2_2011(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthOffset);
  const std::uint64_t total = in.u32();
  const std::uint16_t views = in.u16();
  const std::uint8_t certification = in.u8();
  std::uint64_t sum = kHeaderBytes;
  bool whole = certification <= 1;
  for (int i = 0; i < views && whole; ++i) {
    const std::uint32_t length = in.u32();
    whole = length >= kShortestRepresentation;
    if (whole) in.take(length - 4);
    whole = whole && in.ok();
    sum += length;
  }
  return whole && sum == total;
}

Result<MinutiaeRecord> read_iso19794_2_2011(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthOffset);
  WHORL_TRY_VOID(check_declared_length(in.u32(), bytes.size()));
  const std::uint16_t views = in.u16();
  MinutiaeRecord record;
  record.format = kFormat;
  record.certifications = in.u8();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_view_count(views, kViewsAt));
  if (record.certifications > 1) return fail(Fault::out_of_range, kCertificationAt);
  record.views.reserve(views);
  for (int i = 0; i < views; ++i) {
    WHORL_TRY(FingerView view, read_view(in, record.certifications == 1, i + 1 == views));
    record.views.push_back(std::move(view));
  }
  WHORL_TRY_VOID(check_end(in));
  return record;
}

Result<Bytes> write_iso19794_2_2011(const MinutiaeRecord& record) {
  WHORL_TRY_VOID(check_header_fields(record, {.certifications_max = 1}));
  ByteWriter out;
  out.u32(kRecordMagic);
  out.u32(kVersion030);
  out.u32(0);
  out.u16(record.views.size());
  out.u8(record.certifications);
  for (const FingerView& view : record.views) {
    const std::size_t start = out.size();
    out.u32(0);
    WHORL_TRY_VOID(write_capture(out, record.certifications == 1, view));
    WHORL_TRY_VOID(write_finger(out, view));
    WHORL_TRY_VOID(write_extensions(out, kFormat, &view == &record.views.back(), view));
    out.patch_u32(start, out.size() - start);
  }
  out.patch_u32(kLengthOffset, out.size());
  return out.take();
}

}  // namespace whorl::formats
