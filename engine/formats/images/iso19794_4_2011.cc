// ISO/IEC 19794-4:2011. docs/formats/iso19794-4.md is the byte table.

#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/capture_block.h"
#include "engine/formats/images/finger_image_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = FingerImageFormat::iso19794_4_2011;
constexpr std::size_t kLengthAt = 8;
constexpr std::size_t kImagesAt = 12;
constexpr std::size_t kCertifiedAt = 14;
constexpr std::size_t kBlockHeaderBytes = 4;

Result<> read_capture(ByteReader& in, bool certified, FingerImageRepresentation& image) {
  WHORL_TRY(CaptureBlock block, read_capture_block(in, certified));
  image.captured = block.captured;
  image.sensor_technology = block.sensor_technology;
  image.sensor_vendor = block.sensor_vendor;
  image.sensor_type = block.sensor_id;
  image.quality = std::move(block.quality);
  image.certificates = std::move(block.certificates);
  return {};
}

// The finger and its picture.
Result<> read_picture(ByteReader& in, FingerImageRepresentation& image) {
  const std::uint64_t start = in.offset();
  image.position = RidgePosition{in.u8()};
  image.number = in.u8();
  WHORL_TRY(image.coding, read_coding(in, kFormat));
  image.impression = static_cast<Impression>(in.u8());
  image.width_px = in.u16();
  image.height_px = in.u16();
  const std::uint32_t data_bytes = in.u32();
  if (!in.ok()) return {};
  WHORL_TRY_VOID(check_position(kFormat, image.position, start));
  WHORL_TRY_VOID(check_impression(kFormat, image.impression, start + 13));
  WHORL_TRY_VOID(check_picture_size(image.width_px, image.height_px, start + 14));
  const auto data = in.take(data_bytes);
  image.data.assign(data.begin(), data.end());
  return {};
}

// The blocks after the picture, to the end of the representation's `bytes`.
Result<> read_extended(ByteReader& in, std::uint64_t bytes, FingerImageRepresentation& image) {
  const std::uint64_t end = in.offset() + bytes;
  while (in.offset() < end) {
    const std::uint64_t start = in.offset();
    if (image.extended.size() == kMaxExtendedBlocks) return fail(Fault::limit_exceeded, start);
    ExtendedBlock block;
    block.type = in.u16();
    const std::uint16_t length = in.u16();
    if (!in.ok()) return {};
    if (length < kBlockHeaderBytes || length > end - start) {
      return fail(Fault::length_mismatch, start + 2);
    }
    const auto data = in.take(length - kBlockHeaderBytes);
    if (!in.ok()) return {};
    block.data.assign(data.begin(), data.end());
    image.extended.push_back(std::move(block));
  }
  return {};
}

Result<FingerImageRepresentation> read_image(ByteReader& in, bool certified) {
  const std::uint64_t start = in.offset();
  const std::uint64_t end = start + in.remaining();
  FingerImageRepresentation image;
  const std::uint32_t length = in.u32();
  WHORL_TRY_VOID(read_capture(in, certified, image));
  WHORL_TRY_VOID(read_picture(in, image));
  if (!in.ok()) return fail(Fault::truncated, end);
  const std::uint64_t used = in.offset() - start;
  if (used > length) return fail(Fault::length_mismatch, start);
  if (length > end - start) return fail(Fault::truncated, end);
  WHORL_TRY_VOID(read_extended(in, length - used, image));
  if (!in.ok()) return fail(Fault::truncated, end);
  return image;
}

Result<> write_capture(ByteWriter& out, bool certified, const FingerImageRepresentation& image) {
  return write_capture_block(out, certified,
                             {image.captured, image.sensor_technology, image.sensor_vendor,
                              image.sensor_type, image.quality, image.certificates});
}

Result<> write_picture(ByteWriter& out, const FingerImageRepresentation& image) {
  const std::size_t start = out.size();
  WHORL_TRY_VOID(check_position(kFormat, image.position, start));
  WHORL_TRY_VOID(check_impression(kFormat, image.impression, start + 13));
  WHORL_TRY_VOID(check_picture_size(image.width_px, image.height_px, start + 14));
  out.u8(image.position.value());
  out.u8(image.number);
  WHORL_TRY_VOID(write_coding(out, kFormat, image.coding));
  out.u8(static_cast<std::uint8_t>(image.impression));
  out.u16(image.width_px);
  out.u16(image.height_px);
  if (image.data.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, out.size());
  out.u32(image.data.size());
  out.bytes(image.data);
  return {};
}

Result<> write_extended(ByteWriter& out, const FingerImageRepresentation& image) {
  if (image.extended.size() > kMaxExtendedBlocks) return fail(Fault::limit_exceeded, out.size());
  for (const ExtendedBlock& block : image.extended) {
    const std::size_t length = kBlockHeaderBytes + block.data.size();
    if (length > 0xFFFF) return fail(Fault::limit_exceeded, out.size());
    out.u16(block.type);
    out.u16(length);
    out.bytes(block.data);
  }
  return {};
}

Result<> write_image(ByteWriter& out, bool certified, const FingerImageRepresentation& image) {
  const std::size_t start = out.size();
  if (image.view_count != FingerImageRepresentation{}.view_count) {
    return fail(Fault::out_of_range, start);
  }
  out.u32(0);
  WHORL_TRY_VOID(write_capture(out, certified, image));
  WHORL_TRY_VOID(write_picture(out, image));
  WHORL_TRY_VOID(write_extended(out, image));
  out.patch_u32(start, out.size() - start);
  return {};
}

}  // namespace

Result<FingerImageRecord> read_iso19794_4_2011(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kLengthAt);
  FingerImageRecord record;
  record.format = kFormat;
  const std::uint32_t length = in.u32();
  const std::uint16_t images = in.u16();
  const std::uint8_t certified = in.u8();
  record.finger_count = in.u8();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (length > kMaxImageFileBytes) return fail(Fault::limit_exceeded, kLengthAt);
  if (length > bytes.size()) return fail(Fault::truncated, bytes.size());
  if (length < bytes.size()) return fail(Fault::length_mismatch, kLengthAt);
  WHORL_TRY_VOID(check_image_count(images, kImagesAt));
  if (certified > 1) return fail(Fault::out_of_range, kCertifiedAt);
  record.certified = certified == 1;
  for (int i = 0; i < images; ++i) {
    WHORL_TRY(FingerImageRepresentation image, read_image(in, record.certified));
    record.images.push_back(std::move(image));
  }
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return record;
}

Result<Bytes> write_iso19794_4_2011(const FingerImageRecord& record) {
  if (record.device_id != 0 || record.acquisition_level != 0) return fail(Fault::out_of_range);
  WHORL_TRY_VOID(check_image_count(record.images.size(), kImagesAt));
  ByteWriter out;
  out.u32(kFingerImageMagic);
  out.u32(kFingerImageVersion020);
  out.u32(0);
  out.u16(record.images.size());
  out.u8(record.certified ? 1 : 0);
  out.u8(record.finger_count);
  for (const FingerImageRepresentation& image : record.images) {
    WHORL_TRY_VOID(write_image(out, record.certified, image));
  }
  out.patch_u32(kLengthAt, out.size());
  return out.take();
}

}  // namespace whorl::formats
