#pragma once
// Face image records of ISO/IEC 19794-5:2005 and :2011: one value for both, holding all that the
// bytes say. encode(decode(bytes)) gives the same bytes back. docs/formats/iso19794-5.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/images/face_images.h"
#include "engine/formats/images/recorded_picture.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

enum class FaceImageFormat : std::uint8_t { iso19794_5_2005, iso19794_5_2011 };
inline constexpr std::array kFaceImageFormats = {FaceImageFormat::iso19794_5_2005,
                                                 FaceImageFormat::iso19794_5_2011};

// Codes of the form of 2011; that of 2005 has the first two alone.
enum class FaceCompression : std::uint8_t {
  jpeg = 0,
  jpeg2000 = 1,
  jpeg2000_lossless = 2,
  png = 3
};

enum class Gender : std::uint8_t { unspecified = 0, male = 1, female = 2, unknown = 255 };

// An angle as both forms code it: 0 not specified, else steps of two degrees, 1 .. 91 from 0 to 180
// and 92 .. 181 from -178 up to 0. Its uncertainty is one more than the degrees. Nothing for other
// codes.
std::optional<int> angle_of(std::uint8_t code);
std::optional<int> uncertainty_of(std::uint8_t code);
// -180 .. 180, to the nearest step.
std::uint8_t angle_code(int degrees);

// The three bytes in the order of the record.
struct PoseCodes {
  std::uint8_t yaw = 0, pitch = 0, roll = 0;
  bool operator==(const PoseCodes&) const = default;
};

struct FaceImageRepresentation {
  // What is said of the person: any code, kept.
  Gender gender = Gender::unspecified;
  EyeColour eye_colour = EyeColour::unspecified;
  HairColour hair_colour = HairColour::unspecified;
  FaceFeatures features;  // 24 bits
  std::uint16_t expression = 0;
  PoseCodes pose;
  PoseCodes pose_uncertainty;
  std::vector<FaceLandmark> landmarks;  // 0 .. 65535

  FaceImageType type = FaceImageType::full_frontal;  // any, kept
  FaceCompression compression = FaceCompression::jpeg;
  std::uint16_t width_px = 0;  // 0 where the record does not say
  std::uint16_t height_px = 0;
  ColourSpace colour_space = ColourSpace::rgb;  // any, kept
  FaceSource source = FaceSource::unspecified;  // likewise
  std::uint16_t device_type = 0;
  Bytes data;

  // The form of 2005 alone, and at its default in the other.
  std::uint16_t quality_code = 0;  // 0 not specified; the standard keeps the others for later

  // The form of 2011 alone, likewise.
  CaptureTime captured;
  std::uint16_t device_vendor = 0;
  std::vector<QualityRecord> quality;  // 0 .. 255
  std::vector<Certificate> certificates;
  std::uint8_t subject_height_cm = 0;
  std::uint8_t sampling_level = 0;  // how many pixels wide the head is, in eight classes
  std::uint16_t post_processing = 0;
  std::uint8_t cross_reference = 0;
  Bytes three_d;  // what follows the picture of a type from basic_3d on; kept verbatim

  bool operator==(const FaceImageRepresentation&) const = default;
};

struct FaceImageRecord {
  FaceImageFormat format = FaceImageFormat::iso19794_5_2005;
  bool certified = false;                       // 2011 alone: each image lists certificates
  std::uint16_t temporal_semantics = 0;         // likewise: how the images follow each other
  std::vector<FaceImageRepresentation> images;  // 1 .. kMaxImagesPerFile

  bool operator==(const FaceImageRecord&) const = default;
};

// By the bytes that are there of the magic "FAC", so that half a record of another kind is called
// another kind.
bool looks_like_face_image_record(std::span<const std::byte> bytes);

// Headers only: pictures are not decoded. Faults: empty_input, bad_magic, unsupported (version),
// truncated, out_of_range, length_mismatch, limit_exceeded; the offset is that of the field
// refused.
Result<FaceImageRecord> decode_face_image_record(std::span<const std::byte> bytes);

// Refuses what the record's form cannot hold (out_of_range: a value; limit_exceeded: too many or
// too long); the offset is where the field would have stood.
Result<Bytes> encode_face_image_record(const FaceImageRecord& record);

// The picture of an image of the record, whose bytes it refers to. It may have another size than
// the record says: chips are known that say 0.
RecordedPicture picture_of(const FaceImageRecord& record, std::size_t index);

// What the record says of the image, without its picture; landmarks as they stand.
FaceImage description_of(const FaceImageRepresentation& image);

}  // namespace whorl::formats
