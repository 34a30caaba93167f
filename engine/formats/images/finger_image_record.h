#pragma once
// Finger image records of ISO/IEC 19794-4:2005 and :2011: one value for both, holding all that the
// bytes say. encode(decode(bytes)) gives the same bytes back. docs/formats/iso19794-4.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/base/units.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/recorded_picture.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

enum class FingerImageFormat : std::uint8_t { iso19794_4_2005, iso19794_4_2011 };
inline constexpr std::array kFingerImageFormats = {FingerImageFormat::iso19794_4_2005,
                                                   FingerImageFormat::iso19794_4_2011};

// Fingers and palms as ISO/IEC 19794-4 numbers them: 0 .. 15 as CapturedArea, 20 .. 36 palms, in
// the form of 2011 also 40 .. 50, two or three fingers.
using RidgePosition = Quantity<struct RidgePositionTag, std::uint8_t>;

enum class ImageCompression : std::uint8_t {
  none,    // a sample a byte, or two
  packed,  // no bits between samples
  wsq,
  jpeg,
  jpeg2000,
  jpeg2000_lossless,  // the form of 2011 alone
  png
};

enum class ScaleUnits : std::uint8_t { per_inch = 1, per_cm = 2 };

// In the form of 2005 this stands once for all images, which must agree.
struct ImageCoding {
  ScaleUnits units = ScaleUnits::per_inch;
  std::uint16_t scan_x = 500;  // samples a unit when it was scanned
  std::uint16_t scan_y = 500;
  std::uint16_t image_x = 500;  // and in the picture kept: this one counts
  std::uint16_t image_y = 500;
  std::uint8_t depth_bits = 8;  // 1 .. 16
  ImageCompression compression = ImageCompression::none;

  bool operator==(const ImageCoding&) const = default;
};

// What may follow a picture in the form of 2011; the standard's kinds are read by the functions
// below, all are kept verbatim.
struct ExtendedBlock {
  static constexpr std::uint16_t kSegmentation = 1;
  static constexpr std::uint16_t kAnnotation = 2;
  static constexpr std::uint16_t kComment = 3;
  std::uint16_t type = 0;
  Bytes data;

  bool operator==(const ExtendedBlock&) const = default;
};

struct FingerImageRepresentation {
  RidgePosition position;
  std::uint8_t number = 1;                         // of this view of the finger, any
  Impression impression = Impression::live_plain;  // 0 .. 15; in the form of 2011 also 20 .. 29
  std::vector<QualityRecord> quality;              // 2005: exactly one; 2011: 0 .. 255
  ImageCoding coding;
  std::uint16_t width_px = 0;
  std::uint16_t height_px = 0;
  Bytes data;

  // The form of 2005 alone, and at its default in the other.
  std::uint8_t view_count = 1;

  // The form of 2011 alone, likewise.
  CaptureTime captured;
  std::uint8_t sensor_technology = 0;  // 0 .. 20
  std::uint16_t sensor_vendor = 0;
  std::uint16_t sensor_type = 0;
  std::vector<Certificate> certificates;
  std::vector<ExtendedBlock> extended;  // at most kMaxExtendedBlocks

  bool operator==(const FingerImageRepresentation&) const = default;
};

struct FingerImageRecord {
  FingerImageFormat format = FingerImageFormat::iso19794_4_2005;
  // 2005: the number of images or of fingers, and checked; 2011: any.
  std::uint8_t finger_count = 1;
  std::uint16_t device_id = 0;                    // 2005 alone
  std::uint16_t acquisition_level = 0;            // likewise
  bool certified = false;                         // 2011 alone: each image lists certificates
  std::vector<FingerImageRepresentation> images;  // 1 .. kMaxImagesPerFile

  bool operator==(const FingerImageRecord&) const = default;
};

// By the bytes that are there of the magic "FIR", so that half a record of another kind is called
// another kind.
bool looks_like_finger_image_record(std::span<const std::byte> bytes);

// Headers only: pictures are not decoded. Faults: empty_input, bad_magic, unsupported (version),
// truncated, out_of_range, length_mismatch, limit_exceeded; the offset is that of the field
// refused.
Result<FingerImageRecord> decode_finger_image_record(std::span<const std::byte> bytes);

// Refuses what the record's form cannot hold (out_of_range: a value; limit_exceeded: too many or
// too long); the offset is where the field would have stood.
Result<Bytes> encode_finger_image_record(const FingerImageRecord& record);

// The picture of an image of the record, whose bytes it refers to. Fault: bad_resolution.
Result<RecordedPicture> picture_of(const FingerImageRecord& record, std::size_t index);

// What the extended blocks say of fingers in the picture, and of fingers that are not there. Blocks
// that do not read as their type says are passed over.
std::vector<FingerSegment> segments_of(const FingerImageRepresentation& image);
std::vector<FingerPosition> missing_of(const FingerImageRepresentation& image);

}  // namespace whorl::formats
