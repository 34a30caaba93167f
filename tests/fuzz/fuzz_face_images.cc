// Any bytes as a file of faces: a bare picture, a record of ISO/IEC 19794-5, a chip's data group or
// a transaction of ANSI/NIST-ITL. Every picture that comes out must be whole, and a record come
// back byte for byte.

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/face_images.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace whorl;           // NOLINT: one short program
using namespace whorl::formats;  // NOLINT

void check_record(std::span<const std::byte> bytes) {
  const auto record = decode_face_image_record(bytes);
  if (!record) {
    FUZZ_CHECK(record.error().offset <= bytes.size());
    return;
  }
  const auto encoded = encode_face_image_record(*record);
  FUZZ_CHECK(encoded.has_value());
  FUZZ_CHECK(std::equal(encoded->begin(), encoded->end(), bytes.begin(), bytes.end()));
}

bool is_angle(const HeadAngle& angle) {
  return angle.degrees.value_or(0) >= -180 && angle.degrees.value_or(0) <= 180 &&
         angle.uncertainty_degrees.value_or(0) >= 0 && angle.uncertainty_degrees.value_or(0) <= 180;
}

void check_face(const FaceImage& face) {
  const Image& image = face.image;
  FUZZ_CHECK(image.width_px > 0 && image.width_px <= kMaxImageSidePx);
  FUZZ_CHECK(image.height_px > 0 && image.height_px <= kMaxImageSidePx);
  FUZZ_CHECK(image.channels == 1 || image.channels == 3);
  FUZZ_CHECK(std::ssize(image.samples) ==
             std::int64_t{image.width_px} * image.height_px * image.channels);
  FUZZ_CHECK(is_angle(face.pose.yaw) && is_angle(face.pose.pitch) && is_angle(face.pose.roll));
  for (const FaceLandmark& landmark : face.landmarks) {
    FUZZ_CHECK(landmark.x_px < image.width_px && landmark.y_px < image.height_px);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (looks_like_face_image_record(bytes)) check_record(bytes);
  const auto faces = read_face_images(bytes);
  if (!faces) return 0;
  FUZZ_CHECK(!faces->empty() && std::ssize(*faces) <= kMaxImagesPerFile);
  for (const FaceImage& face : *faces) check_face(face);
  return 0;
}
