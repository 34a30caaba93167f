#include "engine/formats/images/finger_images.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/nist_itl.h"
#include "engine/formats/images/read_image.h"

namespace whorl::formats {
namespace {

// Segments as their header promises: what a record says beyond its picture is cut off.
std::vector<FingerSegment> inside(const Image& image, std::vector<FingerSegment> segments) {
  for (FingerSegment& segment : segments) {
    segment.right_px = std::min(segment.right_px, image.width_px);
    segment.bottom_px = std::min(segment.bottom_px, image.height_px);
  }
  std::erase_if(segments, [](const FingerSegment& segment) {
    return segment.left_px >= segment.right_px || segment.top_px >= segment.bottom_px;
  });
  return segments;
}

// What is known of a picture before it is decoded.
struct Described {
  RecordedPicture picture;
  FingerImage finger;  // without its image
};

// Decodes one picture after another and counts what they take.
class Decoder {
 public:
  Result<> decode(Described described) {
    WHORL_TRY(Image image, decode_picture(described.picture));
    pixels_ += std::int64_t{image.width_px} * image.height_px;
    if (pixels_ > kMaxImagePixelsPerFile) {
      return fail(Fault::limit_exceeded, described.picture.offset);
    }
    FingerImage& finger = described.finger;
    finger.segments = inside(image, std::move(finger.segments));
    finger.image = std::move(image);
    fingers_.push_back(std::move(finger));
    return {};
  }
  Result<std::vector<FingerImage>> take() {
    if (fingers_.empty()) return fail(Fault::not_found);
    return std::move(fingers_);
  }

 private:
  std::int64_t pixels_ = 0;
  std::vector<FingerImage> fingers_;
};

// Contactless had another code in 2005, which is a vertical roll's since.
Impression impression_of(const FingerImageRecord& record, const FingerImageRepresentation& image) {
  const bool of_2005 = record.format == FingerImageFormat::iso19794_4_2005;
  return of_2005 && image.impression == Impression::vertical_roll ? Impression::contactless_plain
                                                                  : image.impression;
}

bool is_palm(RidgePosition position) { return position.value() >= 20 && position.value() <= 36; }

Result<Described> describe_image(const FingerImageRecord& record, std::size_t index) {
  const FingerImageRepresentation& image = record.images[index];
  Described described;
  WHORL_TRY(described.picture, picture_of(record, index));
  described.finger.area = static_cast<CapturedArea>(image.position.value());
  described.finger.impression = impression_of(record, image);
  if (!image.quality.empty() && image.quality.front().score <= 100) {
    described.finger.quality = Quality{image.quality.front().score};
  }
  described.finger.missing = missing_of(image);
  described.finger.segments = segments_of(image);
  return described;
}

Result<std::vector<FingerImage>> read_record(std::span<const std::byte> bytes) {
  WHORL_TRY(const FingerImageRecord record, decode_finger_image_record(bytes));
  Decoder decoder;
  for (std::size_t i = 0; i < record.images.size(); ++i) {
    if (is_palm(record.images[i].position)) continue;
    const auto decoded = [&]() -> Result<> {
      WHORL_TRY(Described described, describe_image(record, i));
      return decoder.decode(std::move(described));
    }();
    if (!decoded) return at(decoded.error(), "image " + std::to_string(i + 1));
  }
  return decoder.take();
}

Result<std::vector<FingerImage>> read_transaction(std::span<const std::byte> bytes) {
  WHORL_TRY(std::vector<NistFingerRecord> records, read_nist_itl(bytes));
  Decoder decoder;
  for (NistFingerRecord& record : records) {
    Described described;
    described.picture = record.picture;
    described.finger.area = record.area;
    described.finger.impression = record.impression;
    described.finger.quality = record.quality;
    described.finger.missing = std::move(record.missing);
    described.finger.segments = std::move(record.segments);
    const auto decoded = decoder.decode(std::move(described));
    if (!decoded) return at(decoded.error(), "record " + std::to_string(record.number));
  }
  return decoder.take();
}

}  // namespace

FingerPosition finger_of(CapturedArea area) {
  switch (area) {
    case CapturedArea::plain_right_thumb:
      return FingerPosition::right_thumb;
    case CapturedArea::plain_left_thumb:
      return FingerPosition::left_thumb;
    default:
      if (area > CapturedArea::left_little) return FingerPosition::unknown;
      return static_cast<FingerPosition>(area);
  }
}

Result<std::vector<FingerImage>> read_finger_images(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (looks_like_finger_image_record(bytes)) return read_record(bytes);
  if (looks_like_nist_itl(bytes)) return read_transaction(bytes);
  FingerImage finger;
  WHORL_TRY(finger.image, read_image(bytes));
  std::vector<FingerImage> fingers;
  fingers.push_back(std::move(finger));
  return fingers;
}

}  // namespace whorl::formats
