#pragma once
// Finger minutiae records of ISO/IEC 19794-2 and ANSI/INCITS 378: one value for all dialects, in
// the record's own pixels and angle units, holding all that the bytes say. encode(decode(bytes))
// gives the same bytes back, even for records whose lengths lie in the ways docs/formats/ lists.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/base/units.h"

namespace whorl::formats {

enum class MinutiaeFormat : std::uint8_t {
  iso19794_2_2005,
  iso19794_2_2011,
  ansi378_2004,
  ansi378_2009,
  ansi378_2009_am1
};
inline constexpr std::array kMinutiaeFormats = {
    MinutiaeFormat::iso19794_2_2005, MinutiaeFormat::iso19794_2_2011, MinutiaeFormat::ansi378_2004,
    MinutiaeFormat::ansi378_2009, MinutiaeFormat::ansi378_2009_am1};

// 2 degrees a step in ANSI (0 .. 179), 360/256 degrees in ISO: angles of two records are compared
// only after conversion (finger_templates.h).
using RawAngle = Quantity<struct RawAngleTag, std::uint8_t>;
constexpr bool is_ansi(MinutiaeFormat format) { return format >= MinutiaeFormat::ansi378_2004; }

// Quality bytes: 0 .. 100, and in the forms of 2009 and 2011 also these two.
inline constexpr std::uint8_t kQualityNotReported = 254;
inline constexpr std::uint8_t kQualityFailed = 255;

enum class Impression : std::uint8_t {
  live_plain = 0,
  live_rolled = 1,
  nonlive_plain = 2,
  nonlive_rolled = 3,
  latent_impression = 4,  // 4 .. 7 and 9: ISO of 2011 alone
  latent_tracing = 5,
  latent_photo = 6,
  latent_lift = 7,
  swipe = 8,
  vertical_roll = 9,
  live_palm = 10,  // 10, 11, 20 .. 27 but 24: ANSI of 2009 alone
  nonlive_palm = 11,
  optical_contact_plain = 20,
  optical_contact_rolled = 21,
  nonoptical_contact_plain = 22,
  nonoptical_contact_rolled = 23,
  contactless_plain = 24,
  contactless_rolled = 25,
  nonoptical_contactless_plain = 26,
  nonoptical_contactless_rolled = 27,
  other = 28,
  unknown = 29
};

struct RecordMinutia {
  MinutiaKind kind = MinutiaKind::other;
  std::uint16_t x_px = 0;  // at most kMaxCoordinatePx, at the record's own resolution
  std::uint16_t y_px = 0;
  RawAngle angle;
  std::uint8_t quality = 0;  // kQualityNotReported where the five-byte form has no room for it

  bool operator==(const RecordMinutia&) const = default;
};
inline constexpr std::uint16_t kMaxCoordinatePx = 0x3FFF;  // 14 bits, in every dialect

struct QualityRecord {
  std::uint8_t score = 0;
  std::uint16_t vendor = 0;     // not in the forms of 2004 and 2005
  std::uint16_t algorithm = 0;  // likewise

  bool operator==(const QualityRecord&) const = default;
};

// Ridges crossed between two minutiae; `from` and `to` are kept as written, in range or not.
struct RidgeCount {
  std::uint8_t from = 0;
  std::uint8_t to = 0;
  std::uint8_t count = 0;

  bool operator==(const RidgeCount&) const = default;
};
enum class RidgeCountMethod : std::uint8_t { custom = 0, quadrants = 1, octants = 2 };
struct RidgeCounts {
  RidgeCountMethod method = RidgeCountMethod::custom;
  std::vector<RidgeCount> counts;
  Bytes rest;  // fewer than three bytes that make no whole count; the samples have them

  bool operator==(const RidgeCounts&) const = default;
};

struct Core {
  std::uint16_t x_px = 0;
  std::uint16_t y_px = 0;
  std::optional<RawAngle> angle;

  bool operator==(const Core&) const = default;
};
struct Delta {
  std::uint16_t x_px = 0;
  std::uint16_t y_px = 0;
  std::optional<std::array<RawAngle, 3>> angles;

  bool operator==(const Delta&) const = default;
};
// ANSI has one "angles present" flag for all cores and one for all deltas, and at most 15 of each.
struct CoresAndDeltas {
  std::vector<Core> cores;
  std::vector<Delta> deltas;
  Bytes rest;  // what follows the last delta

  bool operator==(const CoresAndDeltas&) const = default;
};

// ISO alone. Cells row by row from the top left, each below 2^bits; there are
// ceil(width / zone width) * ceil(height / zone height) of them.
struct ZonalQuality {
  std::uint16_t vendor = 0;     // ISO of 2011 alone
  std::uint16_t algorithm = 0;  // likewise
  std::uint8_t zone_width_px = 0;
  std::uint8_t zone_height_px = 0;
  std::uint8_t bits = 8;
  std::vector<std::uint8_t> cells;
  Bytes rest;  // what follows the last cell

  bool operator==(const ZonalQuality&) const = default;
};

// A vendor's own block, or a standard one whose content does not read as its type says.
struct OpaqueExtension {
  std::uint16_t type = 0;
  Bytes data;

  bool operator==(const OpaqueExtension&) const = default;
};
using Extension = std::variant<RidgeCounts, CoresAndDeltas, ZonalQuality, OpaqueExtension>;

// Whether an extension's length field counts its own four-byte header. The standards disagree.
enum class ExtensionLengths : std::uint8_t { header_included, data_only };

// All ones where a part is not known.
struct CaptureTime {
  std::uint16_t year = 0xFFFF;
  std::uint8_t month = 0xFF;
  std::uint8_t day = 0xFF;
  std::uint8_t hour = 0xFF;
  std::uint8_t minute = 0xFF;
  std::uint8_t second = 0xFF;
  std::uint16_t millisecond = 0xFFFF;

  bool operator==(const CaptureTime&) const = default;
};

struct Certificate {
  std::uint16_t authority = 0;
  std::uint8_t scheme = 0;

  bool operator==(const Certificate&) const = default;
};

enum class RidgeEndingType : std::uint8_t { valley_skeleton_bifurcation = 0, ridge_endpoint = 1 };

struct FingerView {
  FingerPosition position = FingerPosition::unknown;
  std::uint8_t view_number = 0;  // at most 15 in the forms of 2004 and 2005
  Impression impression = Impression::live_plain;
  std::vector<QualityRecord> quality;  // exactly one, except that ISO of 2011 holds 0 .. 255
  // In the forms of 2004 and 2005 these four stand once for all views and must agree.
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  PixelsPerCm resolution_x;
  PixelsPerCm resolution_y;
  std::vector<RecordMinutia> minutiae;  // at most kMaxMinutiaePerView; none is well formed
  std::vector<Extension> extensions;
  ExtensionLengths extension_lengths = ExtensionLengths::header_included;
  // By how many bytes the last extension of the last view is longer than the record says.
  int extension_excess = 0;

  // ISO of 2011 alone, and at their defaults in the other forms.
  CaptureTime captured;
  std::uint8_t sensor_technology = 0;  // 0 .. 20
  std::uint16_t sensor_vendor = 0;
  std::uint16_t sensor_id = 0;
  std::vector<Certificate> certificates;
  RidgeEndingType ending_type = RidgeEndingType::valley_skeleton_bifurcation;
  bool has_minutia_quality = true;  // six bytes a minutia, else five

  bool operator==(const FingerView&) const = default;
};

struct MinutiaeRecord {
  MinutiaeFormat format = MinutiaeFormat::iso19794_2_2005;
  std::uint16_t vendor = 0;  // CBEFF owner and type of the record: ANSI alone
  std::uint16_t subformat = 0;
  // Four bits in the forms of 2004 and 2005, of which the first means certified; eight in ANSI of
  // 2009; in ISO of 2011 the flag (0 or 1) that certificates follow in each view.
  std::uint8_t certifications = 0;
  std::uint16_t sensor_id = 0;    // 12 bits in the forms of 2004 and 2005; per view in ISO of 2011
  std::vector<FingerView> views;  // 1 .. kMaxViews

  // Known departures from the standards' text, kept to give back the same bytes.
  bool zero_padded_version = false;  // "020" for " 20": the sample printed in ANSI of 2004
  bool draft_header = false;         // ANSI of 2009: the draft's 20 bytes, no certification byte
  std::optional<std::uint32_t>
      declared_length;  // where it is not the length; ANSI of 2009, 1 short

  bool operator==(const MinutiaeRecord&) const = default;
};

// Which dialect the bytes are in, from the header and, where two share one, from the lengths
// inside. Faults: empty_input, truncated, bad_magic, unsupported (version), limit_exceeded.
Result<MinutiaeFormat> detect_minutiae_format(std::span<const std::byte> bytes);

// Minutiae and headers strictly, extensions leniently: see docs/formats/README.md. Faults as above,
// and out_of_range, length_mismatch; the offset is that of the field refused. Zero minutiae, a zero
// resolution and minutiae outside the frame are read here and judged on conversion.
// Cost: one pass, about a microsecond a view.
Result<MinutiaeRecord> decode_minutiae_record(std::span<const std::byte> bytes);

// Refuses what the record's format cannot hold (out_of_range: a value; limit_exceeded: too many or
// too long); the offset is where the field would have stood.
Result<Bytes> encode_minutiae_record(const MinutiaeRecord& record);

}  // namespace whorl::formats
