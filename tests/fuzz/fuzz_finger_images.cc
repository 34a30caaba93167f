// Any bytes as a file of finger images: a bare picture, a record of ISO/IEC 19794-4 or a
// transaction of ANSI/NIST-ITL. Every picture that comes out must be whole, and a record come back
// byte for byte.

#include <cstdint>
#include <span>

#include "engine/base/limits.h"
#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/finger_images.h"
#include "engine/formats/images/nist_itl.h"
#include "tests/fuzz/fuzz_check.h"

namespace {

using namespace whorl;           // NOLINT: one short program
using namespace whorl::formats;  // NOLINT

void check_record(std::span<const std::byte> bytes) {
  const auto record = decode_finger_image_record(bytes);
  if (!record) {
    FUZZ_CHECK(record.error().offset <= bytes.size());
    return;
  }
  const auto encoded = encode_finger_image_record(*record);
  FUZZ_CHECK(encoded.has_value());
  FUZZ_CHECK(std::equal(encoded->begin(), encoded->end(), bytes.begin(), bytes.end()));
}

void check_transaction(std::span<const std::byte> bytes) {
  const auto fingers = read_nist_itl(bytes);
  if (!fingers) {
    FUZZ_CHECK(fingers.error().offset <= bytes.size());
    return;
  }
  for (const NistFingerRecord& finger : *fingers) {
    FUZZ_CHECK(finger.picture.offset + finger.picture.data.size() <= bytes.size());
  }
}

void check_image(const FingerImage& finger) {
  const Image& image = finger.image;
  FUZZ_CHECK(image.width_px > 0 && image.width_px <= kMaxImageSidePx);
  FUZZ_CHECK(image.height_px > 0 && image.height_px <= kMaxImageSidePx);
  FUZZ_CHECK(image.channels == 1 || image.channels == 3);
  FUZZ_CHECK(std::ssize(image.samples) ==
             std::int64_t{image.width_px} * image.height_px * image.channels);
  for (const FingerSegment& segment : finger.segments) {
    FUZZ_CHECK(segment.left_px >= 0 && segment.left_px < segment.right_px);
    FUZZ_CHECK(segment.top_px >= 0 && segment.top_px < segment.bottom_px);
    FUZZ_CHECK(segment.right_px <= image.width_px && segment.bottom_px <= image.height_px);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (looks_like_finger_image_record(bytes)) check_record(bytes);
  if (looks_like_nist_itl(bytes)) check_transaction(bytes);
  const auto fingers = read_finger_images(bytes);
  if (!fingers) return 0;
  FUZZ_CHECK(!fingers->empty() && std::ssize(*fingers) <= kMaxImagesPerFile);
  for (const FingerImage& finger : *fingers) check_image(finger);
  return 0;
}
