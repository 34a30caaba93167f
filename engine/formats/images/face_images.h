#pragma once
// Pictures of faces with what their record says of them: a bare picture, face image records of
// ISO/IEC 19794-5:2005 and :2011, data group 2 of a passport's chip (ICAO Doc 9303-10), and the
// Type-10 records of ANSI/NIST-ITL transactions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/image.h"
#include "engine/base/result.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::formats {

// The codes of ISO/IEC 19794-5. What a record says of the person is told beside the picture and
// never refused: a code without a name here is handed on as it stands.
enum class EyeColour : std::uint8_t {
  unspecified = 0,
  black = 1,
  blue = 2,
  brown = 3,
  grey = 4,
  green = 5,
  multi_coloured = 6,
  pink = 7,
  unknown = 255
};

enum class HairColour : std::uint8_t {
  unspecified = 0,
  bald = 1,
  black = 2,
  blond = 3,
  brown = 4,
  grey = 5,
  white = 6,
  red = 7,
  green = 8,
  blue = 9,
  unknown = 255
};

enum class FaceImageType : std::uint8_t {
  basic = 0,
  full_frontal = 1,
  token_frontal = 2,
  post_processed_frontal = 3,  // this and those below: the form of 2011 alone
  basic_3d = 0x80,
  full_frontal_3d = 0x81,
  token_frontal_3d = 0x82
};

enum class ColourSpace : std::uint8_t { unspecified = 0, rgb = 1, yuv422 = 2, grey = 3, other = 4 };

enum class FaceSource : std::uint8_t {
  unspecified = 0,
  photograph = 1,
  photograph_by_digital_camera = 2,
  photograph_by_scanner = 3,
  video_frame = 4,
  video_frame_by_analogue_camera = 5,
  video_frame_by_digital_camera = 6,
  unknown = 7
};

// Bits of FaceFeatures.
enum class FaceFeature : std::uint32_t {
  glasses = 0x2,
  moustache = 0x4,
  beard = 0x8,
  teeth_visible = 0x10,
  blink = 0x20,
  mouth_open = 0x40,
  left_eye_patch = 0x80,
  right_eye_patch = 0x100,
  dark_glasses = 0x200,
  distorting_medical_condition = 0x400
};

struct FaceFeatures {
  std::uint32_t mask = 0;  // 24 bits

  bool are_specified() const { return (mask & 1U) != 0; }
  // False also where nobody looked.
  bool has(FaceFeature feature) const {
    return are_specified() && (mask & static_cast<std::uint32_t>(feature)) != 0;
  }
  bool operator==(const FaceFeatures&) const = default;
};

// One angle of the head, in degrees: -180 .. 180, and how far it may be off, 0 .. 180; nothing
// where the record does not say.
struct HeadAngle {
  std::optional<int> degrees;
  std::optional<int> uncertainty_degrees;
  bool operator==(const HeadAngle&) const = default;
};

struct HeadPose {
  HeadAngle yaw, pitch, roll;
  bool operator==(const HeadPose&) const = default;
};

// A point of the face as ISO/IEC 19794-5 names it. Type 1 are the feature points of ISO/IEC
// 14496-2 (MPEG-4), whose code is the major number in the high half and the minor in the low one:
// 0x36 is 3.6.
struct FaceLandmark {
  std::uint8_t type = 1;
  std::uint8_t code = 0;
  std::uint16_t x_px = 0;  // from the left
  std::uint16_t y_px = 0;  // from the top
  std::uint16_t z = 0;     // in the form of 2011; reserved in that of 2005
  bool operator==(const FaceLandmark&) const = default;
};

struct FaceImage {
  Image image;  // upright
  FaceImageType type = FaceImageType::basic;
  Sex sex = Sex::not_recorded;
  EyeColour eye_colour = EyeColour::unspecified;
  HairColour hair_colour = HairColour::unspecified;
  FaceFeatures features;
  std::uint16_t expression = 0;  // as the record codes it; 0 not specified, 1 neutral
  HeadPose pose;
  // Inside the picture; none where the picture has another size than its record says, for then
  // they are another picture's.
  std::vector<FaceLandmark> landmarks;
  ColourSpace colour_space =
      ColourSpace::unspecified;  // as the record says; `image` is grey or RGB
  FaceSource source = FaceSource::unspecified;
  Quality quality;
  CaptureTime captured;  // or, of a chip, when the picture was made for it

  bool operator==(const FaceImage&) const = default;
};

// All pictures of faces in a file, in its order. Fingers, scars and other records of a transaction
// are passed over. Cost: that of decoding the pictures. Faults: those of read_image, and
// length_mismatch; limit_exceeded for more than kMaxImagesPerFile or kMaxImagePixelsPerFile;
// not_found where a well formed transaction holds no face. `where` names the image of a record, the
// face of a data group or the record of a transaction, counted from 1.
Result<std::vector<FaceImage>> read_face_images(std::span<const std::byte> bytes);

}  // namespace whorl::formats
