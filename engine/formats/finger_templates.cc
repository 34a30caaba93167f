#include "engine/formats/finger_templates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "engine/base/limits.h"
#include "engine/formats/tidy_minutiae.h"

namespace whorl::formats {
namespace {

constexpr double kCmPerInch = 2.54;
constexpr double kDegreesPerAnsiStep = 2.0;
constexpr double kDegreesPerIsoStep = 360.0 / 256.0;
constexpr PixelsPerCm kCanonicalPixelsPerCm{197};

// Which way and by how much a record's grid is stretched to reach 500 ppi.
struct Scale {
  double x = 1;
  double y = 1;
};

// Records hold whole px/cm: 500 ppi is written 197 (or 196, cut off), 1000 ppi 394 (or 393).
PixelsPerInch pixels_per_inch(PixelsPerCm resolution) {
  const double ppi = resolution.value() * kCmPerInch;
  for (const double nominal : {500.0, 1000.0}) {
    if (std::abs(ppi - nominal) < kCmPerInch) return PixelsPerInch{nominal};
  }
  return PixelsPerInch{ppi};
}

Result<double> scale_of(PixelsPerInch ppi) {
  // Written so that NaN is refused as well.
  if (!(ppi.value() >= kMinPixelsPerInch && ppi.value() <= kMaxPixelsPerInch)) {
    return fail(Fault::bad_resolution);
  }
  return kCanonicalPixelsPerInch / ppi.value();
}

Result<Scale> scale_of(const FingerView& view, std::optional<PixelsPerInch> ppi) {
  Scale scale;
  WHORL_TRY(scale.x, scale_of(ppi.value_or(pixels_per_inch(view.resolution_x))));
  WHORL_TRY(scale.y, scale_of(ppi.value_or(pixels_per_inch(view.resolution_y))));
  if (std::max(view.width_px * scale.x, view.height_px * scale.y) > kMaxCoordinatePx) {
    return fail(Fault::limit_exceeded);
  }
  return scale;
}

Direction to_direction(MinutiaeFormat format, RawAngle angle, Scale scale) {
  if (scale.x == scale.y && !is_ansi(format)) return Direction{angle.value()};
  double degrees = angle.value() * (is_ansi(format) ? kDegreesPerAnsiStep : kDegreesPerIsoStep);
  if (scale.x != scale.y) {  // a stretched grid turns directions too
    const double radians = degrees * (M_PI / 180.0);
    degrees = std::atan2(std::sin(radians) * scale.y, std::cos(radians) * scale.x) * (180.0 / M_PI);
  }
  return Direction{static_cast<std::uint8_t>(std::lround(degrees / kDegreesPerIsoStep))};
}

RawAngle to_raw_angle(MinutiaeFormat format, Direction direction) {
  if (!is_ansi(format)) return RawAngle{direction.steps()};
  const long steps = std::lround(direction.steps() * kDegreesPerIsoStep / kDegreesPerAnsiStep);
  return RawAngle{static_cast<std::uint8_t>(steps % 180)};
}

std::int16_t scaled(std::uint16_t pixels, double scale) {
  return static_cast<std::int16_t>(std::lround(pixels * scale));
}

// The minutiae inside the frame, at 500 ppi.
std::vector<Minutia> minutiae_in_frame(const FingerView& view, MinutiaeFormat format, Scale scale,
                                       ConversionLosses& losses) {
  std::vector<Minutia> minutiae;
  minutiae.reserve(view.minutiae.size());
  for (const RecordMinutia& raw : view.minutiae) {
    if (raw.x_px >= view.width_px || raw.y_px >= view.height_px) {
      ++losses.outside_frame;
      continue;
    }
    Minutia minutia;
    minutia.x_px = scaled(raw.x_px, scale.x);
    minutia.y_px = scaled(raw.y_px, scale.y);
    minutia.direction = to_direction(format, raw.angle, scale);
    minutia.kind = raw.kind;
    minutia.quality = raw.quality <= 100 ? raw.quality : std::uint8_t{0};
    minutiae.push_back(minutia);
  }
  return minutiae;
}

Quality quality_of(const FingerView& view, MinutiaeFormat format) {
  if (view.quality.empty() || view.quality.front().score > 100) return {};
  const bool zero_is_unknown =
      format == MinutiaeFormat::iso19794_2_2005 || format == MinutiaeFormat::ansi378_2004;
  const std::uint8_t score = view.quality.front().score;
  if (score == 0 && zero_is_unknown) return {};
  return Quality{score};
}

Result<FingerTemplate> to_finger_template(const FingerView& view, MinutiaeFormat format,
                                          std::optional<PixelsPerInch> ppi,
                                          ConvertedRecord& converted) {
  WHORL_TRY(const Scale scale, scale_of(view, ppi));
  ConversionLosses& losses = converted.losses;
  FingerTemplate finger;
  finger.position = view.position;
  finger.quality = quality_of(view, format);
  finger.minutiae = minutiae_in_frame(view, format, scale, losses);
  const TidyLosses tidied = tidy_minutiae(finger.minutiae);
  losses.duplicates += tidied.duplicates, losses.trimmed += tidied.trimmed;
  if (finger.minutiae.empty()) return fail(Fault::no_minutiae);
  converted.frames.push_back(
      {static_cast<float>(view.width_px * scale.x), static_cast<float>(view.height_px * scale.y)});
  return finger;
}

std::vector<QualityRecord> to_quality_records(Quality quality, MinutiaeFormat format) {
  const bool reported = quality.value <= 100;
  switch (format) {
    case MinutiaeFormat::iso19794_2_2011:
      if (!reported) return {};
      return {QualityRecord{quality.value}};
    case MinutiaeFormat::ansi378_2009:
    case MinutiaeFormat::ansi378_2009_am1:
      return {QualityRecord{reported ? quality.value : kQualityNotReported}};
    default:
      return {QualityRecord{reported ? quality.value : std::uint8_t{0}}};
  }
}

// Refuses what a record's coordinates cannot hold; says how large the frame must be.
Result<> grow_frame(const FingerTemplate& finger, std::uint16_t& width, std::uint16_t& height) {
  if (finger.minutiae.empty()) return fail(Fault::no_minutiae);
  for (const Minutia& m : finger.minutiae) {
    if (m.x_px < 0 || m.y_px < 0 || m.x_px > kMaxCoordinatePx || m.y_px > kMaxCoordinatePx) {
      return fail(Fault::out_of_range);
    }
    width = std::max(width, static_cast<std::uint16_t>(m.x_px + 1));
    height = std::max(height, static_cast<std::uint16_t>(m.y_px + 1));
  }
  return {};
}

FingerView to_view(const FingerTemplate& finger, MinutiaeFormat format) {
  FingerView view;
  view.position = finger.position;
  view.quality = to_quality_records(finger.quality, format);
  view.resolution_x = kCanonicalPixelsPerCm;
  view.resolution_y = kCanonicalPixelsPerCm;
  view.minutiae.reserve(finger.minutiae.size());
  for (const Minutia& m : finger.minutiae) {
    view.minutiae.push_back({.kind = m.kind,
                             .x_px = static_cast<std::uint16_t>(m.x_px),
                             .y_px = static_cast<std::uint16_t>(m.y_px),
                             .angle = to_raw_angle(format, m.direction),
                             .quality = m.quality});
  }
  return view;
}

std::string view_name(std::size_t index) { return "view " + std::to_string(index + 1); }

}  // namespace

Result<ConvertedRecord> to_finger_templates(const MinutiaeRecord& record,
                                            std::optional<PixelsPerInch> ppi) {
  ConvertedRecord converted;
  converted.templates.reserve(record.views.size());
  for (std::size_t i = 0; i < record.views.size(); ++i) {
    auto finger = to_finger_template(record.views[i], record.format, ppi, converted);
    if (!finger) return at(finger.error(), view_name(i));
    converted.templates.push_back(*std::move(finger));
  }
  return converted;
}

Result<MinutiaeRecord> to_minutiae_record(std::span<const FingerTemplate> templates,
                                          MinutiaeFormat format) {
  if (templates.empty()) return fail(Fault::no_minutiae);
  if (templates.size() > kMaxViews) return fail(Fault::limit_exceeded);
  MinutiaeRecord record;
  record.format = format;
  std::uint16_t width = 1;
  std::uint16_t height = 1;
  std::array<std::uint8_t, kFingerPositions> views_of_finger{};
  for (std::size_t i = 0; i < templates.size(); ++i) {
    const auto position = static_cast<std::size_t>(templates[i].position);
    if (position >= views_of_finger.size()) return fail(Fault::out_of_range, 0, view_name(i));
    if (auto grown = grow_frame(templates[i], width, height); !grown) {
      return at(grown.error(), view_name(i));
    }
    FingerView view = to_view(templates[i], format);
    view.view_number = views_of_finger[position]++;
    record.views.push_back(std::move(view));
  }
  for (FingerView& view : record.views) {
    view.width_px = width;
    view.height_px = height;
  }
  return record;
}

}  // namespace whorl::formats
