#include "engine/formats/images/face_image_record.h"

#include <algorithm>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_codec.h"

namespace whorl::formats {
namespace {

constexpr std::uint8_t kLastUpwards = 91;  // 180 degrees
constexpr std::uint8_t kLastAngle = 181;   // as good as 0, from below
constexpr int kDegreesPerStep = 2;
constexpr std::size_t kMostLandmarks = 0xFFFF;  // a count of two bytes
constexpr std::uint32_t kFeatureBits = 0xFFFFFF;

PoseCodes read_pose(ByteReader& in) {
  PoseCodes pose;
  pose.yaw = in.u8();
  pose.pitch = in.u8();
  pose.roll = in.u8();
  return pose;
}

void write_pose(ByteWriter& out, const PoseCodes& pose) {
  out.u8(pose.yaw);
  out.u8(pose.pitch);
  out.u8(pose.roll);
}

FaceLandmark read_landmark(ByteReader& in) {
  FaceLandmark landmark;
  landmark.type = in.u8();
  landmark.code = in.u8();
  landmark.x_px = in.u16();
  landmark.y_px = in.u16();
  landmark.z = in.u16();
  return landmark;
}

void write_landmark(ByteWriter& out, const FaceLandmark& landmark) {
  out.u8(landmark.type);
  out.u8(landmark.code);
  out.u16(landmark.x_px);
  out.u16(landmark.y_px);
  out.u16(landmark.z);
}

std::uint32_t read_features(ByteReader& in) {
  const std::uint32_t high = in.u8();
  return high << 16U | in.u16();
}

// Bytes of an image before its data, and after it.
std::size_t header_bytes(const FaceImageRecord& record, const FaceImageRepresentation& image) {
  const std::size_t landmarks = kLandmarkBytes * image.landmarks.size();
  if (record.format == FaceImageFormat::iso19794_5_2005) return 32 + landmarks;
  const std::size_t certificates = record.certified ? 1 + 3 * image.certificates.size() : 0;
  return 51 + 5 * image.quality.size() + certificates + landmarks;
}

std::uint64_t data_offset(const FaceImageRecord& record, std::size_t index) {
  std::uint64_t offset = record.format == FaceImageFormat::iso19794_5_2005 ? 14 : 17;
  for (std::size_t i = 0; i < index; ++i) {
    const FaceImageRepresentation& image = record.images[i];
    offset += header_bytes(record, image) + image.data.size() + image.three_d.size();
  }
  return offset + header_bytes(record, record.images[index]);
}

Sex sex_of(Gender gender) {
  if (gender == Gender::male) return Sex::male;
  return gender == Gender::female ? Sex::female : Sex::not_recorded;
}

HeadAngle head_angle(std::uint8_t code, std::uint8_t uncertainty) {
  return {angle_of(code), uncertainty_of(uncertainty)};
}

}  // namespace

std::optional<int> angle_of(std::uint8_t code) {
  if (code == 0 || code > kLastAngle) return std::nullopt;
  return kDegreesPerStep * (code <= kLastUpwards ? code - 1 : code - kLastAngle);
}

std::optional<int> uncertainty_of(std::uint8_t code) {
  if (code == 0 || code > kLastAngle) return std::nullopt;
  return code - 1;
}

std::uint8_t angle_code(int degrees) {
  const int bounded = std::clamp(degrees, -180, 180);
  if (bounded >= 0) return static_cast<std::uint8_t>(1 + (bounded + 1) / kDegreesPerStep);
  const int steps = (1 - bounded) / kDegreesPerStep;
  // -180 is 180, whose code stands before it.
  return static_cast<std::uint8_t>(kLastAngle - steps);
}

void read_person(ByteReader& in, FaceImageFormat format, FaceImageRepresentation& image) {
  const std::uint16_t landmarks = in.u16();
  image.gender = static_cast<Gender>(in.u8());
  image.eye_colour = static_cast<EyeColour>(in.u8());
  image.hair_colour = static_cast<HairColour>(in.u8());
  if (format == FaceImageFormat::iso19794_5_2011) image.subject_height_cm = in.u8();
  image.features.mask = read_features(in);
  image.expression = in.u16();
  image.pose = read_pose(in);
  image.pose_uncertainty = read_pose(in);
  for (int i = 0; i < landmarks && in.ok(); ++i) image.landmarks.push_back(read_landmark(in));
}

Result<> write_person(ByteWriter& out, FaceImageFormat format,
                      const FaceImageRepresentation& image) {
  if (image.landmarks.size() > kMostLandmarks) return fail(Fault::limit_exceeded, out.size());
  out.u16(image.landmarks.size());
  out.u8(static_cast<std::uint8_t>(image.gender));
  out.u8(static_cast<std::uint8_t>(image.eye_colour));
  out.u8(static_cast<std::uint8_t>(image.hair_colour));
  if (format == FaceImageFormat::iso19794_5_2011) out.u8(image.subject_height_cm);
  if (image.features.mask > kFeatureBits) return fail(Fault::out_of_range, out.size());
  out.u8(image.features.mask >> 16U);
  out.u16(image.features.mask);
  out.u16(image.expression);
  write_pose(out, image.pose);
  write_pose(out, image.pose_uncertainty);
  for (const FaceLandmark& landmark : image.landmarks) write_landmark(out, landmark);
  return {};
}

Result<> check_face_record_length(std::uint32_t declared, std::size_t actual) {
  if (declared > kMaxImageFileBytes) return fail(Fault::limit_exceeded, kFaceRecordLengthAt);
  if (declared > actual) return fail(Fault::truncated, actual);
  if (declared < actual) return fail(Fault::length_mismatch, kFaceRecordLengthAt);
  return {};
}

Result<> check_face_count(std::size_t count) {
  if (count == 0) return fail(Fault::out_of_range, kFaceImageCountAt);
  if (count > kMaxImagesPerFile) return fail(Fault::limit_exceeded, kFaceImageCountAt);
  return {};
}

Result<> check_compression(FaceImageFormat format, FaceCompression compression,
                           std::uint64_t offset) {
  const bool of_2005 = format == FaceImageFormat::iso19794_5_2005;
  if (compression > (of_2005 ? FaceCompression::jpeg2000 : FaceCompression::png)) {
    return fail(Fault::out_of_range, offset);
  }
  return {};
}

bool looks_like_face_image_record(std::span<const std::byte> bytes) {
  const auto magic = as_bytes(std::string_view("FAC\0", 4));
  return std::equal(magic.begin(), magic.begin() + std::min<std::ptrdiff_t>(std::ssize(bytes), 4),
                    bytes.begin());
}

Result<FaceImageRecord> decode_face_image_record(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!looks_like_face_image_record(bytes)) return fail(Fault::bad_magic);
  if (bytes.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded);
  ByteReader in(bytes);
  in.take(4);
  const std::uint32_t version = in.u32();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (version == kFaceImageVersion010) return read_iso19794_5_2005(bytes);
  if (version == kFaceImageVersion030) return read_iso19794_5_2011(bytes);
  return fail(Fault::unsupported, 4);
}

Result<Bytes> encode_face_image_record(const FaceImageRecord& record) {
  auto bytes = record.format == FaceImageFormat::iso19794_5_2005 ? write_iso19794_5_2005(record)
                                                                 : write_iso19794_5_2011(record);
  if (bytes && bytes->size() > kMaxImageFileBytes) {
    return fail(Fault::limit_exceeded, kMaxImageFileBytes);
  }
  return bytes;
}

RecordedPicture picture_of(const FaceImageRecord& record, std::size_t index) {
  const FaceImageRepresentation& image = record.images.at(index);
  RecordedPicture picture;
  picture.coding = SampleCoding::compressed;
  picture.width_px = image.width_px;
  picture.height_px = image.height_px;
  picture.size_may_differ = true;
  picture.data = image.data;
  picture.offset = data_offset(record, index);
  return picture;
}

FaceImage description_of(const FaceImageRepresentation& image) {
  FaceImage face;
  face.type = image.type;
  face.sex = sex_of(image.gender);
  face.eye_colour = image.eye_colour;
  face.hair_colour = image.hair_colour;
  face.features = image.features;
  face.expression = image.expression;
  face.pose.yaw = head_angle(image.pose.yaw, image.pose_uncertainty.yaw);
  face.pose.pitch = head_angle(image.pose.pitch, image.pose_uncertainty.pitch);
  face.pose.roll = head_angle(image.pose.roll, image.pose_uncertainty.roll);
  face.landmarks = image.landmarks;
  face.colour_space = image.colour_space;
  face.source = image.source;
  if (!image.quality.empty() && image.quality.front().score <= 100) {
    face.quality = Quality{image.quality.front().score};
  }
  face.captured = image.captured;
  return face;
}

}  // namespace whorl::formats
