// Minutiae, and the few rules of views, that all dialects share.

#include <initializer_list>

#include "engine/base/limits.h"
#include "engine/formats/record_codec.h"

namespace whorl::formats {
namespace {

constexpr std::uint8_t kAnsi2009MaxAngle = 179;  // ANSI of 2004 too, but its own sample has 249
constexpr std::uint16_t kKindShift = 14;

constexpr std::uint32_t impressions(std::initializer_list<int> codes) {
  std::uint32_t mask = 0;
  for (const int code : codes) mask |= 1U << static_cast<unsigned>(code);
  return mask;
}
constexpr std::uint32_t kImpressions2005 = impressions({0, 1, 2, 3, 8});
constexpr std::uint32_t kImpressionsIso2011 =
    impressions({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 24, 28, 29});
constexpr std::uint32_t kImpressionsAnsi2009 =
    impressions({0, 1, 2, 3, 8, 10, 11, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29});

bool is_of_2009(MinutiaeFormat format) {
  return format == MinutiaeFormat::ansi378_2009 || format == MinutiaeFormat::ansi378_2009_am1;
}

std::uint32_t impressions_of(MinutiaeFormat format) {
  if (format == MinutiaeFormat::iso19794_2_2011) return kImpressionsIso2011;
  return is_of_2009(format) ? kImpressionsAnsi2009 : kImpressions2005;
}

bool holds_angle(MinutiaeFormat format, RawAngle angle) {
  return !is_of_2009(format) || angle.value() <= kAnsi2009MaxAngle;
}

}  // namespace

Result<> check_declared_length(std::uint64_t declared, std::size_t actual) {
  if (declared > kMaxRecordBytes) return fail(Fault::limit_exceeded, kLengthOffset);
  if (declared > actual) return fail(Fault::truncated, actual);
  if (declared < actual) return fail(Fault::length_mismatch, kLengthOffset);
  return {};
}

Result<> check_view_count(std::size_t views, std::uint64_t offset) {
  if (views == 0) return fail(Fault::out_of_range, offset);
  if (views > kMaxViews) return fail(Fault::limit_exceeded, offset);
  return {};
}

bool holds_impression(MinutiaeFormat format, std::uint8_t impression) {
  return impression < 32 && (impressions_of(format) >> impression & 1U) != 0;
}

bool holds_quality(MinutiaeFormat format, std::uint8_t quality) {
  if (quality <= 100) return true;
  const bool has_words_for_none = format == MinutiaeFormat::iso19794_2_2011 || is_of_2009(format);
  return has_words_for_none && quality >= kQualityNotReported;
}

Result<> check_view_fields(MinutiaeFormat format, std::uint8_t position, std::uint64_t position_at,
                           std::uint8_t impression, std::uint64_t impression_at) {
  if (position >= kFingerPositions) return fail(Fault::out_of_range, position_at);
  if (!holds_impression(format, impression)) return fail(Fault::out_of_range, impression_at);
  return {};
}

Result<std::vector<RecordMinutia>> read_minutiae(ByteReader& in, MinutiaeFormat format,
                                                 std::size_t count, bool with_quality) {
  const std::size_t size = with_quality ? 6 : 5;
  if (in.remaining() < count * size) {
    return fail(Fault::truncated, in.offset() + in.remaining());
  }
  std::vector<RecordMinutia> minutiae(count);
  for (RecordMinutia& minutia : minutiae) {
    const std::uint64_t start = in.offset();
    const std::uint16_t kind_and_x = in.u16();
    minutia.y_px = in.u16();
    minutia.angle = RawAngle{in.u8()};
    minutia.quality = with_quality ? in.u8() : kQualityNotReported;
    const auto kind = static_cast<std::uint8_t>(kind_and_x >> kKindShift);
    minutia.kind = static_cast<MinutiaKind>(kind);
    minutia.x_px = kind_and_x & kMaxCoordinatePx;
    if (kind > 2) return fail(Fault::out_of_range, start);
    if (minutia.y_px > kMaxCoordinatePx) return fail(Fault::out_of_range, start + 2);
    if (!holds_angle(format, minutia.angle)) return fail(Fault::out_of_range, start + 4);
    if (!holds_quality(format, minutia.quality)) return fail(Fault::out_of_range, start + 5);
  }
  return minutiae;
}

Result<> write_counted_minutiae(ByteWriter& out, MinutiaeFormat format, const FingerView& view) {
  if (view.minutiae.size() > kMaxMinutiaePerView) return fail(Fault::limit_exceeded, out.size());
  out.u8(view.minutiae.size());
  for (const RecordMinutia& minutia : view.minutiae) {
    const bool quality_fits = view.has_minutia_quality ? holds_quality(format, minutia.quality)
                                                       : minutia.quality == kQualityNotReported;
    if (minutia.x_px > kMaxCoordinatePx || minutia.y_px > kMaxCoordinatePx ||
        static_cast<int>(minutia.kind) > 2 || !holds_angle(format, minutia.angle) ||
        !quality_fits) {
      return fail(Fault::out_of_range, out.size());
    }
    out.u16(static_cast<unsigned>(minutia.kind) << kKindShift | minutia.x_px);
    out.u16(minutia.y_px);
    out.u8(minutia.angle.value());
    if (view.has_minutia_quality) out.u8(minutia.quality);
  }
  return {};
}

Result<> check_nothing_of_2011(const FingerView& view, std::uint64_t offset) {
  const FingerView defaults;
  const bool nothing = view.captured == defaults.captured && view.sensor_technology == 0 &&
                       view.sensor_vendor == 0 && view.sensor_id == 0 &&
                       view.certificates.empty() && view.ending_type == defaults.ending_type &&
                       view.has_minutia_quality;
  if (!nothing) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> check_header_fields(const MinutiaeRecord& record, const HeaderAbilities& abilities) {
  const bool holds = (abilities.cbeff_owner || (record.vendor == 0 && record.subformat == 0)) &&
                     record.certifications <= abilities.certifications_max &&
                     record.sensor_id <= abilities.sensor_id_max &&
                     (abilities.zero_padded_version || !record.zero_padded_version) &&
                     (abilities.draft_header || !record.draft_header) &&
                     (abilities.declared_length || !record.declared_length);
  if (!holds) return fail(Fault::out_of_range);
  return check_view_count(record.views.size(), 0);
}

Result<> check_end(const ByteReader& in) {
  if (in.remaining() != 0) return fail(Fault::length_mismatch, in.offset());
  return {};
}

}  // namespace whorl::formats
