// ISO/IEC 19794-4:2005. docs/formats/iso19794-4.md is the byte table.

#include <algorithm>
#include <set>

#include "engine/base/limits.h"
#include "engine/formats/images/finger_image_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = FingerImageFormat::iso19794_4_2005;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kFingersAt = 18;
constexpr std::size_t kReservedAt = 30;
constexpr std::size_t kImageHeaderBytes = 14;

Result<> check_declared_length(std::uint64_t declared, std::size_t actual) {
  if (declared > kMaxImageFileBytes) return fail(Fault::limit_exceeded, kLengthAt);
  if (declared > actual) return fail(Fault::truncated, actual);
  if (declared < actual) return fail(Fault::length_mismatch, kLengthAt);
  return {};
}

// The standard says fingers and gives each of a finger's views a header of its own; some writers
// count those.
Result<> check_finger_count(const FingerImageRecord& record) {
  std::set<RidgePosition> fingers;
  for (const FingerImageRepresentation& image : record.images) fingers.insert(image.position);
  if (record.finger_count == 0) return fail(Fault::out_of_range, kFingersAt);
  if (record.finger_count != fingers.size() && record.finger_count != record.images.size()) {
    return fail(Fault::length_mismatch, kFingersAt);
  }
  return {};
}

Result<> check_image(const FingerImageRepresentation& image, std::uint64_t start) {
  WHORL_TRY_VOID(check_position(kFormat, image.position, start + 4));
  WHORL_TRY_VOID(check_quality(image.quality.front().score, start + 7));
  WHORL_TRY_VOID(check_impression(kFormat, image.impression, start + 8));
  return check_picture_size(image.width_px, image.height_px, start + 9);
}

Result<FingerImageRepresentation> read_image(ByteReader& in, const ImageCoding& coding) {
  const std::uint64_t start = in.offset();
  const std::uint64_t end = start + in.remaining();
  FingerImageRepresentation image;
  image.coding = coding;
  const std::uint32_t length = in.u32();
  image.position = RidgePosition{in.u8()};
  image.view_count = in.u8();
  image.number = in.u8();
  image.quality = {QualityRecord{in.u8()}};
  image.impression = static_cast<Impression>(in.u8());
  image.width_px = in.u16();
  image.height_px = in.u16();
  const std::uint8_t reserved = in.u8();
  if (!in.ok()) return fail(Fault::truncated, end);
  if (length < kImageHeaderBytes) return fail(Fault::length_mismatch, start);
  WHORL_TRY_VOID(check_image(image, start));
  if (reserved != 0) return fail(Fault::out_of_range, start + 13);
  const auto data = in.take(length - kImageHeaderBytes);
  if (!in.ok()) return fail(Fault::truncated, end);
  image.data.assign(data.begin(), data.end());
  return image;
}

// Anything of 2011's own would be lost.
Result<> check_nothing_of_2011(const FingerImageRepresentation& image, std::uint64_t offset) {
  const FingerImageRepresentation none;
  const bool as_new =
      image.captured == none.captured && image.sensor_technology == none.sensor_technology &&
      image.sensor_vendor == none.sensor_vendor && image.sensor_type == none.sensor_type;
  const bool one_score = image.quality.size() == 1 && image.quality.front().vendor == 0 &&
                         image.quality.front().algorithm == 0;
  if (!as_new || !one_score || !image.certificates.empty() || !image.extended.empty()) {
    return fail(Fault::out_of_range, offset);
  }
  return {};
}

Result<> write_image(ByteWriter& out, const FingerImageRepresentation& image) {
  const std::size_t start = out.size();
  WHORL_TRY_VOID(check_nothing_of_2011(image, start));
  WHORL_TRY_VOID(check_image(image, start));
  if (image.data.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, start);
  out.u32(kImageHeaderBytes + image.data.size());
  out.u8(image.position.value());
  out.u8(image.view_count);
  out.u8(image.number);
  out.u8(image.quality.front().score);
  out.u8(static_cast<std::uint8_t>(image.impression));
  out.u16(image.width_px);
  out.u16(image.height_px);
  out.u8(0);
  out.bytes(image.data);
  return {};
}

}  // namespace

Result<FingerImageRecord> read_iso19794_4_2005(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthAt);
  FingerImageRecord record;
  record.format = kFormat;
  const std::uint64_t high = in.u16();
  const std::uint64_t length = high << 32U | in.u32();
  record.device_id = in.u16();
  record.acquisition_level = in.u16();
  record.finger_count = in.u8();
  WHORL_TRY(const ImageCoding coding, read_coding(in, kFormat));
  const std::uint16_t reserved = in.u16();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_declared_length(length, bytes.size()));
  if (reserved != 0) return fail(Fault::out_of_range, kReservedAt);
  while (in.remaining() > 0) {
    WHORL_TRY_VOID(check_image_count(record.images.size() + 1, in.offset()));
    WHORL_TRY(FingerImageRepresentation image, read_image(in, coding));
    record.images.push_back(std::move(image));
  }
  if (record.images.empty()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_finger_count(record));
  return record;
}

Result<Bytes> write_iso19794_4_2005(const FingerImageRecord& record) {
  if (record.certified) return fail(Fault::out_of_range);
  WHORL_TRY_VOID(check_image_count(record.images.size(), kFingersAt));
  WHORL_TRY_VOID(check_finger_count(record));
  const ImageCoding& coding = record.images.front().coding;
  ByteWriter out;
  out.u32(kFingerImageMagic);
  out.u32(kFingerImageVersion010);
  out.u16(0);  // the high part of the length: kMaxImageFileBytes needs none
  out.u32(0);
  out.u16(record.device_id);
  out.u16(record.acquisition_level);
  out.u8(record.finger_count);
  WHORL_TRY_VOID(write_coding(out, kFormat, coding));
  out.u16(0);
  for (const FingerImageRepresentation& image : record.images) {
    if (image.coding != coding) return fail(Fault::out_of_range, out.size());
    WHORL_TRY_VOID(write_image(out, image));
  }
  out.patch_u32(kLengthAt + 2, out.size());
  return out.take();
}

}  // namespace whorl::formats
