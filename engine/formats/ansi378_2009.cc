// ANSI/INCITS 378-2009 ("030"), its Amendment 1 ("035"), and the draft of 2007 whose header lacks
// the certification byte. docs/formats/ansi378-2009.md is the byte table.

#include "engine/formats/dialects.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr std::size_t kHeaderBytes = 21;
constexpr std::size_t kDraftHeaderBytes = 20;
constexpr std::uint16_t kMaxSensorId = 0xFFFF;
constexpr std::size_t kViewHeaderBytes = 17;
constexpr std::size_t kMinutiaBytes = 6;
constexpr std::size_t kExtensionExcess = 2;  // as extension_codec.cc allows, either way

// Whether the views' own counts lead from this header to the end of the bytes.
bool views_end_with_bytes(std::span<const std::byte> bytes, std::size_t header_bytes) {
  ByteReader in(bytes);
  in.take(header_bytes - 2);
  const std::uint8_t views = in.u8();
  const std::uint8_t reserved = in.u8();
  if (views == 0 || reserved != 0) return false;
  for (int i = 0; i < views; ++i) {
    in.take(kViewHeaderBytes - 1);
    const std::size_t minutiae = in.u8();
    in.take(minutiae * kMinutiaBytes);
    const std::size_t extensions = in.u16();
    const bool last = i + 1 == views;
    if (last && in.ok() && extensions > in.remaining()) {
      return extensions - in.remaining() <= kExtensionExcess;
    }
    in.take(extensions);
  }
  return in.ok() && in.remaining() <= kExtensionExcess;
}

// The standard's own sample counts the draft's header in its length: one byte short.
Result<std::optional<std::uint32_t>> read_declared_length(ByteReader& in, std::size_t actual) {
  const std::uint32_t declared = in.u32();
  if (std::uint64_t{declared} + 1 == actual) return declared;
  WHORL_TRY_VOID(check_declared_length(declared, actual));
  return std::nullopt;
}

Result<FingerView> read_view(ByteReader& in, MinutiaeFormat format, bool last_view) {
  const std::uint64_t start = in.offset();
  const std::uint8_t position = in.u8();
  FingerView view;
  view.view_number = in.u8();
  const std::uint8_t impression = in.u8();
  QualityRecord quality;
  quality.score = in.u8();
  quality.vendor = in.u16();
  quality.algorithm = in.u16();
  const SharedFrame frame = read_frame(in);
  const std::uint8_t count = in.u8();
  if (!in.ok()) return fail(Fault::truncated, in.offset() + in.remaining());
  WHORL_TRY_VOID(check_view_fields(format, position, start, impression, start + 2));
  if (!holds_quality(format, quality.score)) return fail(Fault::out_of_range, start + 3);
  WHORL_TRY_VOID(check_frame(frame.width_px, frame.height_px, start + 8));
  view.position = static_cast<FingerPosition>(position);
  view.impression = static_cast<Impression>(impression);
  view.quality = {quality};
  view.width_px = frame.width_px;
  view.height_px = frame.height_px;
  view.resolution_x = frame.resolution_x;
  view.resolution_y = frame.resolution_y;
  WHORL_TRY(view.minutiae, read_minutiae(in, format, count, true));
  WHORL_TRY_VOID(read_extensions(in, format, last_view, view));
  return view;
}

Result<> write_view(ByteWriter& out, MinutiaeFormat format, const FingerView& view,
                    bool last_view) {
  const std::size_t start = out.size();
  const auto position = static_cast<std::uint8_t>(view.position);
  const auto impression = static_cast<std::uint8_t>(view.impression);
  WHORL_TRY_VOID(check_nothing_of_2011(view, start));
  WHORL_TRY_VOID(check_view_fields(format, position, start, impression, start + 2));
  WHORL_TRY_VOID(check_frame(view.width_px, view.height_px, start + 8));
  if (view.quality.size() != 1 || !holds_quality(format, view.quality.front().score)) {
    return fail(Fault::out_of_range, start + 3);
  }
  out.u8(position);
  out.u8(view.view_number);
  out.u8(impression);
  out.u8(view.quality.front().score);
  out.u16(view.quality.front().vendor);
  out.u16(view.quality.front().algorithm);
  write_frame(out, view);
  WHORL_TRY_VOID(write_counted_minutiae(out, format, view));
  return write_extensions(out, format, last_view, view);
}

}  // namespace

bool looks_like_ansi378_2009(std::span<const std::byte> bytes) {
  return views_end_with_bytes(bytes, kHeaderBytes) ||
         views_end_with_bytes(bytes, kDraftHeaderBytes);
}

Result<MinutiaeRecord> read_ansi378_2009(std::span<const std::byte> bytes, MinutiaeFormat format) {
  ByteReader in(bytes);
  in.take(kLengthOffset);
  MinutiaeRecord record;
  record.format = format;
  WHORL_TRY(record.declared_length, read_declared_length(in, bytes.size()));
  record.draft_header = format == MinutiaeFormat::ansi378_2009 &&
                        !views_end_with_bytes(bytes, kHeaderBytes) &&
                        views_end_with_bytes(bytes, kDraftHeaderBytes);
  record.vendor = in.u16();
  record.subformat = in.u16();
  if (!record.draft_header) record.certifications = in.u8();
  record.sensor_id = in.u16();
  const std::uint8_t views = in.u8();
  const std::uint8_t reserved = in.u8();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_view_count(views, in.offset() - 2));
  if (reserved != 0) return fail(Fault::out_of_range, in.offset() - 1);

  record.views.reserve(views);
  for (int i = 0; i < views; ++i) {
    WHORL_TRY(FingerView view, read_view(in, format, i + 1 == views));
    record.views.push_back(std::move(view));
  }
  WHORL_TRY_VOID(check_end(in));
  return record;
}

Result<Bytes> write_ansi378_2009(const MinutiaeRecord& record) {
  const bool am1 = record.format == MinutiaeFormat::ansi378_2009_am1;
  const int certifications_max = record.draft_header ? 0 : 0xFF;
  WHORL_TRY_VOID(check_header_fields(
      record, {.cbeff_owner = true,
               .certifications_max = static_cast<std::uint8_t>(certifications_max),
               .sensor_id_max = kMaxSensorId,
               .draft_header = !am1,
               .declared_length = true}));
  ByteWriter out;
  out.u32(kRecordMagic);
  out.u32(am1 ? kVersion035 : kVersion030);
  out.u32(0);
  out.u16(record.vendor);
  out.u16(record.subformat);
  if (!record.draft_header) out.u8(record.certifications);
  out.u16(record.sensor_id);
  out.u8(record.views.size());
  out.u8(0);
  for (const FingerView& view : record.views) {
    WHORL_TRY_VOID(write_view(out, record.format, view, &view == &record.views.back()));
  }
  if (record.declared_length && std::size_t{*record.declared_length} + 1 != out.size()) {
    return fail(Fault::out_of_range, kLengthOffset);
  }
  out.patch_u32(kLengthOffset,
                record.declared_length.value_or(static_cast<std::uint32_t>(out.size())));
  return out.take();
}

}  // namespace whorl::formats
