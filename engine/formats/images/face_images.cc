#include "engine/formats/images/face_images.h"

#include <string>
#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/icao_dg2.h"
#include "engine/formats/images/nist_itl.h"
#include "engine/formats/images/read_image.h"

namespace whorl::formats {
namespace {

// Landmarks as their header promises.
std::vector<FaceLandmark> inside(const Image& image, const RecordedPicture& declared,
                                 std::vector<FaceLandmark> landmarks) {
  if (image.width_px != declared.width_px || image.height_px != declared.height_px) return {};
  std::erase_if(landmarks, [&image](const FaceLandmark& landmark) {
    return landmark.x_px >= image.width_px || landmark.y_px >= image.height_px;
  });
  return landmarks;
}

// Decodes one picture after another and counts what they take.
class Decoder {
 public:
  // `face` is all but its image.
  Result<> decode(const RecordedPicture& picture, FaceImage face) {
    if (faces_.size() == kMaxImagesPerFile) return fail(Fault::limit_exceeded, picture.offset);
    WHORL_TRY(Image image, decode_picture(picture));
    pixels_ += std::int64_t{image.width_px} * image.height_px;
    if (pixels_ > kMaxImagePixelsPerFile) return fail(Fault::limit_exceeded, picture.offset);
    face.landmarks = inside(image, picture, std::move(face.landmarks));
    face.image = std::move(image);
    faces_.push_back(std::move(face));
    return {};
  }
  Result<std::vector<FaceImage>> take() {
    if (faces_.empty()) return fail(Fault::not_found);
    return std::move(faces_);
  }

 private:
  std::int64_t pixels_ = 0;
  std::vector<FaceImage> faces_;
};

tl::unexpected<Error> moved(Error error, std::uint64_t by) {
  error.offset += by;
  return tl::unexpected<Error>(std::move(error));
}

// `created` is what is said around the record, for one that does not say when it was captured.
Result<> decode_record(Decoder& decoder, std::span<const std::byte> bytes,
                       const CaptureTime& created = {}) {
  WHORL_TRY(const FaceImageRecord record, decode_face_image_record(bytes));
  for (std::size_t i = 0; i < record.images.size(); ++i) {
    FaceImage face = description_of(record.images[i]);
    if (face.captured == CaptureTime{}) face.captured = created;
    const auto decoded = decoder.decode(picture_of(record, i), std::move(face));
    if (!decoded) return at(decoded.error(), "image " + std::to_string(i + 1));
  }
  return {};
}

Result<std::vector<FaceImage>> read_record(std::span<const std::byte> bytes) {
  Decoder decoder;
  WHORL_TRY_VOID(decode_record(decoder, bytes));
  return decoder.take();
}

// Chips of the next generation hold ISO/IEC 39794 there, which is not read.
Result<> decode_chip_record(Decoder& decoder, const Dg2Face& face) {
  if (!face.record.empty() && !looks_like_face_image_record(face.record)) {
    return fail(Fault::unsupported, 0);
  }
  return decode_record(decoder, face.record, face.created);
}

Result<std::vector<FaceImage>> read_chip(std::span<const std::byte> bytes) {
  WHORL_TRY(const std::vector<Dg2Face> group, read_icao_dg2(bytes));
  Decoder decoder;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto decoded = decode_chip_record(decoder, group[i]);
    if (!decoded) {
      Error error = decoded.error();
      error.where = "face " + std::to_string(i + 1);
      return moved(std::move(error), group[i].offset);
    }
  }
  return decoder.take();
}

Result<std::vector<FaceImage>> read_transaction(std::span<const std::byte> bytes) {
  WHORL_TRY(std::vector<NistFaceRecord> records, read_nist_faces(bytes));
  Decoder decoder;
  for (NistFaceRecord& record : records) {
    const auto decoded = decoder.decode(record.picture, std::move(record.face));
    if (!decoded) return at(decoded.error(), "record " + std::to_string(record.number));
  }
  return decoder.take();
}

}  // namespace

Result<std::vector<FaceImage>> read_face_images(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (looks_like_face_image_record(bytes)) return read_record(bytes);
  if (looks_like_icao_dg2(bytes)) return read_chip(bytes);
  if (looks_like_nist_itl(bytes)) return read_transaction(bytes);
  FaceImage face;
  WHORL_TRY(face.image, read_image(bytes));
  std::vector<FaceImage> faces;
  faces.push_back(std::move(face));
  return faces;
}

}  // namespace whorl::formats
