// Type-14: finger images of any resolution, in tagged fields.

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/formats/images/nist_fields.h"
#include "engine/formats/images/nist_records.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

// Field numbers, by the standard's mnemonics.
constexpr int kImp = 3, kHll = 6, kVll = 7, kSlc = 8, kHps = 9, kVps = 10, kCga = 11, kBpx = 12,
              kFgp = 13, kPpd = 14, kAmp = 18, kSeg = 21, kNqm = 22, kFqm = 24, kAseg = 25,
              kData = 999;
constexpr int kTipOrJoint = 19;
constexpr int kMaxPositions = 6;

// WSQ without the version: NBIS valid1.11.
constexpr std::array<std::string_view, 7> kCompressions = {"WSQ20", "WSQ",  "JPEGB", "JPEGL",
                                                           "JP2",   "JP2L", "PNG"};

using Fields = std::span<const NistField>;

// A number that must be there.
Result<int> required(Fields fields, int number, std::uint64_t record_offset) {
  const NistField* field = find_field(fields, number);
  if (field == nullptr) return fail(Fault::out_of_range, record_offset);
  const auto value = whole_number(field->value);
  if (!value) return fail(Fault::out_of_range, field->offset);
  return *value;
}

// A number that need not be, but must be one if it is.
Result<int> optional_number(Fields fields, int number, int otherwise) {
  if (find_field(fields, number) == nullptr) return otherwise;
  return required(fields, number, 0);
}

Result<int> side(Fields fields, int number, std::uint64_t record_offset) {
  WHORL_TRY(const int pixels, required(fields, number, record_offset));
  if (pixels == 0) return fail(Fault::out_of_range, find_field(fields, number)->offset);
  return pixels;
}

Result<SampleCoding> coding_of(Fields fields, std::uint64_t record_offset) {
  const NistField* field = find_field(fields, kCga);
  if (field == nullptr) return fail(Fault::out_of_range, record_offset);
  if (text_is(field->value, "NONE")) return SampleCoding::whole_bytes;
  const bool known =
      std::any_of(kCompressions.begin(), kCompressions.end(),
                  [field](std::string_view name) { return text_is(field->value, name); });
  if (!known) return fail(Fault::unsupported, field->offset);
  return SampleCoding::compressed;
}

// SLC 1 is pixels per inch, 2 per centimetre; 0 says only how wide a pixel is to its height.
Result<std::optional<PixelsPerInch>> ppi_of(Fields fields, std::uint64_t record_offset) {
  WHORL_TRY(const int units, optional_number(fields, kSlc, 0));
  if (units != 1 && units != 2) return std::nullopt;
  WHORL_TRY(const int x, required(fields, kHps, record_offset));
  WHORL_TRY(const int y, required(fields, kVps, record_offset));
  const double per_inch = units == 2 ? kCmPerInch : 1.0;
  return resolution_of(x * per_inch, y * per_inch, find_field(fields, kHps)->offset);
}

Result<RecordedPicture> picture_of(Fields fields, std::uint64_t record_offset) {
  RecordedPicture picture;
  WHORL_TRY(picture.width_px, side(fields, kHll, record_offset));
  WHORL_TRY(picture.height_px, side(fields, kVll, record_offset));
  WHORL_TRY(picture.coding, coding_of(fields, record_offset));
  WHORL_TRY(picture.depth_bits, optional_number(fields, kBpx, 8));
  WHORL_TRY(picture.ppi, ppi_of(fields, record_offset));
  // NBIS valid1.8 says 1800 x 1000 of pictures that are 1600 x 976.
  picture.size_may_differ = picture.coding == SampleCoding::compressed;
  return picture;
}

// The finger that a picture of a tip or of joints shows a part of.
CapturedArea whole_of_part(Fields fields) {
  const NistField* field = find_field(fields, kPpd);
  const auto finger = field == nullptr ? std::nullopt : NistItems(field->value).next_number();
  const bool one = finger && *finger >= 1 && *finger < kFingerPositions;
  return one ? static_cast<CapturedArea>(*finger) : CapturedArea::unknown;
}

Result<std::optional<CapturedArea>> area_of(Fields fields) {
  const NistField* field = find_field(fields, kFgp);
  if (field == nullptr) return CapturedArea::unknown;
  std::vector<int> positions;
  bool numbers = true;
  for_each_subfield(field->value, [&](NistItems items) {
    while (!items.at_end() && positions.size() <= kMaxPositions) {
      const auto position = items.next_number();
      numbers = numbers && position;
      positions.push_back(position.value_or(0));
    }
  });
  if (!numbers || positions.size() > kMaxPositions) {
    return fail(Fault::out_of_range, field->offset);
  }
  if (positions.size() == 1 && positions.front() == kTipOrJoint) return whole_of_part(fields);
  return area_of_positions(positions, field->offset);
}

// What follows is told beside the picture and never refused: NIST's samples hold values out of any
// range (NBIS valid1.11: an NFIQ of 67), and the picture is whole.

FingerPosition finger_named(std::optional<int> code) {
  if (!code || *code > 255) return FingerPosition::unknown;
  return finger_of(static_cast<CapturedArea>(*code));
}

// Amputated, or could not be printed: bandaged. A scar is no reason.
std::vector<FingerPosition> missing_of(Fields fields) {
  std::array<bool, kFingerPositions> named{};
  if (const NistField* field = find_field(fields, kAmp)) {
    for_each_subfield(field->value, [&](NistItems items) {
      const FingerPosition finger = finger_named(items.next_number());
      const auto why = items.next();
      if (text_is(why, "XX") || text_is(why, "UP")) named[static_cast<std::size_t>(finger)] = true;
    });
  }
  std::vector<FingerPosition> missing;
  for (std::size_t i = 1; i < named.size(); ++i) {
    if (named[i]) missing.push_back(static_cast<FingerPosition>(i));
  }
  return missing;
}

using QualityByFinger = std::array<Quality, kFingerPositions>;

// NFIQ 1 is the best and 5 the worst; as scores 100, 80 .. 20 (NIST SP 800-76-1: 20 times
// what is left to 6). A score of 0 .. 100 in 14.024 is finer and beats it.
QualityByFinger qualities_of(Fields fields) {
  QualityByFinger scores{};
  const auto read = [&](int number, auto score_of) {
    const NistField* field = find_field(fields, number);
    if (field == nullptr) return;
    for_each_subfield(field->value, [&](NistItems items) {
      const FingerPosition finger = finger_named(items.next_number());
      const Quality quality = score_of(items.next_number().value_or(Quality::kNotReported));
      if (quality != Quality{}) scores[static_cast<std::size_t>(finger)] = quality;
    });
  };
  read(kNqm, [](int nfiq) {
    return nfiq >= 1 && nfiq <= 5 ? Quality{static_cast<std::uint8_t>(20 * (6 - nfiq))} : Quality{};
  });
  read(kFqm, [](int score) {
    return score <= 100 ? Quality{static_cast<std::uint8_t>(score)} : Quality{};
  });
  return scores;
}

// finger, left, right, top, bottom.
std::optional<FingerSegment> read_box(NistItems items) {
  FingerSegment box;
  box.position = finger_named(items.next_number());
  std::array<std::optional<int>, 4> sides;
  for (auto& value : sides) value = items.next_number();
  if (!std::all_of(sides.begin(), sides.end(), [](const auto& value) { return value; })) {
    return std::nullopt;
  }
  box.left_px = *sides[0], box.right_px = *sides[1];
  box.top_px = *sides[2], box.bottom_px = *sides[3];
  return box;
}

// finger, number of corners, then x and y of each: the box around them.
std::optional<FingerSegment> read_polygon(NistItems items) {
  FingerSegment box;
  box.position = finger_named(items.next_number());
  const auto corners = items.next_number();
  if (!corners || *corners < 3) return std::nullopt;
  for (int i = 0; i < *corners; ++i) {
    const auto x = items.next_number(), y = items.next_number();
    if (!x || !y) return std::nullopt;
    box.left_px = i == 0 ? *x : std::min(box.left_px, *x);
    box.right_px = std::max(box.right_px, *x);
    box.top_px = i == 0 ? *y : std::min(box.top_px, *y);
    box.bottom_px = std::max(box.bottom_px, *y);
  }
  return box;
}

// One a finger: boxes, and polygons of fingers without one.
std::vector<FingerSegment> segments_of(Fields fields, const QualityByFinger& qualities) {
  std::array<bool, kFingerPositions> seen{};
  std::vector<FingerSegment> segments;
  const auto read = [&](int number, auto read_one) {
    const NistField* field = find_field(fields, number);
    if (field == nullptr) return;
    for_each_subfield(field->value, [&](NistItems items) {
      std::optional<FingerSegment> segment = read_one(items);
      if (!segment || segment->position == FingerPosition::unknown) return;
      const auto finger = static_cast<std::size_t>(segment->position);
      if (seen[finger]) return;
      seen[finger] = true;
      segment->quality = qualities[finger];
      segments.push_back(*segment);
    });
  };
  read(kSeg, read_box);
  read(kAseg, read_polygon);
  return segments;
}

}  // namespace

Result<std::optional<NistFingerRecord>> read_tagged_record(const NistRecordBytes& record) {
  WHORL_TRY(const std::vector<NistField> fields,
            read_fields(record.bytes, record.type, record.offset));
  WHORL_TRY(const auto area, area_of(fields));
  const NistField* data = find_field(fields, kData);
  if (!area || data == nullptr) return std::nullopt;
  NistFingerRecord finger;
  finger.area = *area;
  WHORL_TRY(const int impression,
            optional_number(fields, kImp, static_cast<int>(Impression::unknown)));
  const NistField* impression_field = find_field(fields, kImp);
  WHORL_TRY(finger.impression,
            impression_of(impression, impression_field == nullptr ? 0 : impression_field->offset));
  WHORL_TRY(finger.picture, picture_of(fields, record.offset));
  finger.picture.data = data->value;
  finger.picture.offset = record.offset + record.bytes.size() - 1 - data->value.size();
  const QualityByFinger qualities = qualities_of(fields);
  const auto one = static_cast<std::size_t>(finger_of(finger.area));
  if (one != 0) finger.quality = qualities[one];
  finger.missing = missing_of(fields);
  finger.segments = segments_of(fields, qualities);
  return finger;
}

}  // namespace whorl::formats
