// The view that ISO/IEC 19794-2:2005 and ANSI/INCITS 378-2004 have in common, and the image's size
// that both keep in the record's header.

#include "engine/formats/record_codec.h"

namespace whorl::formats {

SharedFrame read_frame(ByteReader& in) {
  SharedFrame frame;
  frame.width_px = in.u16();
  frame.height_px = in.u16();
  frame.resolution_x = PixelsPerCm{in.u16()};
  frame.resolution_y = PixelsPerCm{in.u16()};
  return frame;
}

Result<> check_frame(std::uint16_t width_px, std::uint16_t height_px, std::uint64_t offset) {
  if (width_px == 0) return fail(Fault::out_of_range, offset);
  if (height_px == 0) return fail(Fault::out_of_range, offset + 2);
  return {};
}

void write_frame(ByteWriter& out, const FingerView& view) {
  out.u16(view.width_px);
  out.u16(view.height_px);
  out.u16(view.resolution_x.value());
  out.u16(view.resolution_y.value());
}

Result<FingerView> read_compact_view(ByteReader& in, MinutiaeFormat format,
                                     const SharedFrame& frame, bool last_view) {
  const std::uint64_t start = in.offset();
  const std::uint8_t position = in.u8();
  const std::uint8_t number_and_impression = in.u8();
  const std::uint8_t quality = in.u8();
  const std::uint8_t count = in.u8();
  if (!in.ok()) return fail(Fault::truncated, in.offset() + in.remaining());
  const std::uint8_t impression = number_and_impression & 0x0F;
  WHORL_TRY_VOID(check_view_fields(format, position, start, impression, start + 1));
  if (!holds_quality(format, quality)) return fail(Fault::out_of_range, start + 2);

  FingerView view;
  view.position = static_cast<FingerPosition>(position);
  view.view_number = number_and_impression >> 4U;
  view.impression = static_cast<Impression>(impression);
  view.quality = {QualityRecord{quality}};
  view.width_px = frame.width_px;
  view.height_px = frame.height_px;
  view.resolution_x = frame.resolution_x;
  view.resolution_y = frame.resolution_y;
  WHORL_TRY(view.minutiae, read_minutiae(in, format, count, true));
  WHORL_TRY_VOID(read_extensions(in, format, last_view, view));
  return view;
}

Result<> write_compact_view(ByteWriter& out, MinutiaeFormat format, const FingerView& view,
                            const FingerView& first, bool last_view) {
  const auto position = static_cast<std::uint8_t>(view.position);
  const auto impression = static_cast<std::uint8_t>(view.impression);
  WHORL_TRY_VOID(check_nothing_of_2011(view, out.size()));
  WHORL_TRY_VOID(check_view_fields(format, position, out.size(), impression, out.size() + 1));
  const bool same_frame = view.width_px == first.width_px && view.height_px == first.height_px &&
                          view.resolution_x == first.resolution_x &&
                          view.resolution_y == first.resolution_y;
  const bool one_quality = view.quality.size() == 1 && view.quality.front().vendor == 0 &&
                           view.quality.front().algorithm == 0 &&
                           holds_quality(format, view.quality.front().score);
  if (!same_frame || !one_quality || view.view_number > 15) {
    return fail(Fault::out_of_range, out.size());
  }
  out.u8(position);
  out.u8(static_cast<unsigned>(view.view_number) << 4U | impression);
  out.u8(view.quality.front().score);
  WHORL_TRY_VOID(write_counted_minutiae(out, format, view));
  return write_extensions(out, format, last_view, view);
}

}  // namespace whorl::formats
