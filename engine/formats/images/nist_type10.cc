// Type-10: pictures of faces (and of scars and tattoos, which are passed over), in tagged fields.

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/nist_fields.h"
#include "engine/formats/images/nist_records.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

// Field numbers, by the standard's mnemonics.
constexpr int kImt = 3, kPhd = 5, kHll = 6, kVll = 7, kSlc = 8, kHps = 9, kVps = 10, kCga = 11,
              kCsp = 12, kPos = 20, kPoa = 21, kSqs = 24, kSpa = 25, kSec = 27, kShc = 28,
              kFfp = 29, kData = 999;

constexpr std::array<std::string_view, 5> kCompressions = {"JPEGB", "JPEGL", "JP2", "JP2L", "PNG"};

using Fields = std::span<const NistField>;

template <class Value>
struct Named {
  std::string_view name;
  Value value;
};

constexpr Named<EyeColour> kEyes[] = {
    {"BLK", EyeColour::black},          {"BLU", EyeColour::blue},  {"BRO", EyeColour::brown},
    {"GRY", EyeColour::grey},           {"GRN", EyeColour::green}, {"HAZ", EyeColour::brown},
    {"MUL", EyeColour::multi_coloured}, {"PNK", EyeColour::pink},
};
constexpr Named<HairColour> kHairs[] = {
    {"BAL", HairColour::bald},  {"BLK", HairColour::black}, {"BLN", HairColour::blond},
    {"BRO", HairColour::brown}, {"GRY", HairColour::grey},  {"WHI", HairColour::white},
    {"RED", HairColour::red},   {"GRN", HairColour::green}, {"BLU", HairColour::blue},
    {"SDY", HairColour::blond},
};
constexpr Named<ColourSpace> kSpaces[] = {
    {"GRAY", ColourSpace::grey}, {"RGB", ColourSpace::rgb},    {"SRGB", ColourSpace::rgb},
    {"YCC", ColourSpace::other}, {"SYCC", ColourSpace::other},
};

std::span<const std::byte> text_of(Fields fields, int number) {
  const NistField* field = find_field(fields, number);
  return field == nullptr ? std::span<const std::byte>{} : field->value;
}

template <class Value, std::size_t size>
Value named(std::span<const std::byte> text, const Named<Value> (&names)[size], Value otherwise) {
  for (const Named<Value>& row : names) {
    if (text_is(text, row.name)) return row.value;
  }
  return otherwise;
}

Result<int> side(Fields fields, int number, std::uint64_t record_offset) {
  const NistField* field = find_field(fields, number);
  if (field == nullptr) return fail(Fault::out_of_range, record_offset);
  const auto pixels = whole_number(field->value);
  if (!pixels || *pixels == 0) return fail(Fault::out_of_range, field->offset);
  return *pixels;
}

// A face needs no scale, so what does not read says nothing.
std::optional<PixelsPerInch> ppi_of(Fields fields) {
  const auto units = whole_number(text_of(fields, kSlc));
  const auto x = whole_number(text_of(fields, kHps)), y = whole_number(text_of(fields, kVps));
  if (!units || *units < 1 || *units > 2 || !x || !y) return std::nullopt;
  const double per_inch = *units == 2 ? kCmPerInch : 1.0;
  return resolution_of(*x * per_inch, *y * per_inch, 0).value_or(std::nullopt);
}

// Grey or red green blue, a byte a sample; other colours are read only where they are compressed.
Result<int> raw_depth(ColourSpace space, std::uint64_t offset) {
  if (space == ColourSpace::grey) return 8;
  if (space == ColourSpace::rgb) return 24;
  return fail(Fault::unsupported, offset);
}

Result<RecordedPicture> picture_of(Fields fields, std::uint64_t record_offset, ColourSpace space) {
  RecordedPicture picture;
  WHORL_TRY(picture.width_px, side(fields, kHll, record_offset));
  WHORL_TRY(picture.height_px, side(fields, kVll, record_offset));
  picture.ppi = ppi_of(fields);
  const NistField* compression = find_field(fields, kCga);
  if (compression == nullptr) return fail(Fault::out_of_range, record_offset);
  if (text_is(compression->value, "NONE")) {
    picture.coding = SampleCoding::whole_bytes;
    WHORL_TRY(picture.depth_bits, raw_depth(space, compression->offset));
    return picture;
  }
  const bool known = std::any_of(
      kCompressions.begin(), kCompressions.end(),
      [compression](std::string_view name) { return text_is(compression->value, name); });
  if (!known) return fail(Fault::unsupported, compression->offset);
  picture.size_may_differ = true;
  return picture;
}

// What follows is told beside the picture and never refused: NIST's samples hold values out of any
// range (NBIS valid1.11: a pose of 120 degrees, a landmark 15.1), and the picture is whole.

// "20240229"
CaptureTime day_of(std::span<const std::byte> text) {
  CaptureTime time;
  const auto number = text.size() == 8 ? whole_number(text) : std::nullopt;
  if (!number) return time;
  time.year = static_cast<std::uint16_t>(*number / 10000);
  time.month = static_cast<std::uint8_t>(*number / 100 % 100);
  time.day = static_cast<std::uint8_t>(*number % 100);
  return time;
}

std::optional<int> degrees_of(std::span<const std::byte> text, int least) {
  const bool negative = !text.empty() && text.front() == std::byte{'-'};
  const auto number = whole_number(negative ? text.subspan(1) : text);
  if (!number || *number > 180) return std::nullopt;
  const int degrees = negative ? -*number : *number;
  return degrees < least ? std::nullopt : std::optional(degrees);
}

// Yaw, pitch, roll, then how far each may be off; where there are none, field 10.021 has the yaw of
// a pose that is called an angled one, and a frontal one has none.
HeadPose pose_of(Fields fields) {
  HeadPose pose;
  if (find_field(fields, kSpa) != nullptr) {
    NistItems items(text_of(fields, kSpa));
    for (HeadAngle* angle : {&pose.yaw, &pose.pitch, &pose.roll}) {
      angle->degrees = degrees_of(items.next(), -180);
    }
    for (HeadAngle* angle : {&pose.yaw, &pose.pitch, &pose.roll}) {
      angle->uncertainty_degrees = degrees_of(items.next(), 0);
    }
  } else if (text_is(text_of(fields, kPos), "A")) {
    pose.yaw.degrees = degrees_of(text_of(fields, kPoa), -180);
  }
  return pose;
}

Quality quality_of(Fields fields) {
  NistItems items(text_of(fields, kSqs));
  const auto score = items.next_number();
  return score && *score <= 100 ? Quality{static_cast<std::uint8_t>(*score)} : Quality{};
}

// "3.6" as a code of one byte.
std::optional<std::uint8_t> landmark_code(std::span<const std::byte> text) {
  ByteReader in(text);
  const auto major = whole_number(in.take_until(std::byte{'.'}));
  const auto minor = whole_number(in.take(in.remaining()));
  if (!major || !minor || *major > 15 || *minor > 15) return std::nullopt;
  return static_cast<std::uint8_t>(*major << 4 | *minor);
}

// type, name, x, y; without a name there is nothing to say.
std::vector<FaceLandmark> landmarks_of(Fields fields) {
  std::vector<FaceLandmark> landmarks;
  for_each_subfield(text_of(fields, kFfp), [&](NistItems items) {
    const auto type = items.next_number();
    const auto code = landmark_code(items.next());
    const auto x = items.next_number(), y = items.next_number();
    constexpr int kMax = 0xFFFF;
    if (!type || *type > 0xFF || !code || !x || !y || *x > kMax || *y > kMax) return;
    landmarks.push_back({static_cast<std::uint8_t>(*type), *code, static_cast<std::uint16_t>(*x),
                         static_cast<std::uint16_t>(*y), 0});
  });
  return landmarks;
}

FaceImage describe(Fields fields, ColourSpace space) {
  FaceImage face;
  if (find_field(fields, kSec) != nullptr) {
    face.eye_colour = named(text_of(fields, kSec), kEyes, EyeColour::unknown);
  }
  if (find_field(fields, kShc) != nullptr) {
    face.hair_colour = named(text_of(fields, kShc), kHairs, HairColour::unknown);
  }
  face.pose = pose_of(fields);
  face.landmarks = landmarks_of(fields);
  face.colour_space = space;
  face.quality = quality_of(fields);
  face.captured = day_of(text_of(fields, kPhd));
  return face;
}

}  // namespace

Result<std::optional<NistFaceRecord>> read_face_record(const NistRecordBytes& record) {
  WHORL_TRY(const std::vector<NistField> fields,
            read_fields(record.bytes, record.type, record.offset));
  const NistField* data = find_field(fields, kData);
  if (data == nullptr || !text_is(text_of(fields, kImt), "FACE")) return std::nullopt;
  const ColourSpace space = named(text_of(fields, kCsp), kSpaces, ColourSpace::unspecified);
  NistFaceRecord face;
  face.face = describe(fields, space);
  WHORL_TRY(face.picture, picture_of(fields, record.offset, space));
  face.picture.data = data->value;
  face.picture.offset = record.offset + record.bytes.size() - 1 - data->value.size();
  return face;
}

}  // namespace whorl::formats
