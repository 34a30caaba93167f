// ISO/IEC 19794-5:2011. docs/formats/iso19794-5.md is the byte table.

#include <utility>

#include "engine/base/limits.h"
#include "engine/formats/capture_block.h"
#include "engine/formats/images/face_image_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = FaceImageFormat::iso19794_5_2011;
constexpr std::size_t kCertifiedAt = 14;

Result<> read_capture(ByteReader& in, bool certified, FaceImageRepresentation& image) {
  WHORL_TRY(CaptureBlock block, read_capture_block(in, certified, TechnologyCodes::any));
  image.captured = block.captured;
  image.source = static_cast<FaceSource>(block.sensor_technology);
  image.device_vendor = block.sensor_vendor;
  image.device_type = block.sensor_id;
  image.quality = std::move(block.quality);
  image.certificates = std::move(block.certificates);
  return {};
}

Result<> read_picture(ByteReader& in, FaceImageRepresentation& image) {
  const std::uint64_t start = in.offset();
  image.type = static_cast<FaceImageType>(in.u8());
  image.compression = static_cast<FaceCompression>(in.u8());
  image.width_px = in.u16();
  image.height_px = in.u16();
  image.sampling_level = in.u8();
  image.post_processing = in.u16();
  image.cross_reference = in.u8();
  image.colour_space = static_cast<ColourSpace>(in.u8());
  const std::uint32_t data_bytes = in.u32();
  if (!in.ok()) return {};
  WHORL_TRY_VOID(check_compression(kFormat, image.compression, start + 1));
  const auto data = in.take(data_bytes);
  image.data.assign(data.begin(), data.end());
  return {};
}

Result<FaceImageRepresentation> read_image(ByteReader& in, bool certified) {
  const std::uint64_t start = in.offset();
  const std::uint64_t end = start + in.remaining();
  FaceImageRepresentation image;
  const std::uint32_t length = in.u32();
  WHORL_TRY_VOID(read_capture(in, certified, image));
  read_person(in, kFormat, image);
  WHORL_TRY_VOID(read_picture(in, image));
  if (!in.ok()) return fail(Fault::truncated, end);
  const std::uint64_t used = in.offset() - start;
  const bool ends_there = used == length;
  if (used > length || (!ends_there && !is_three_d(image.type))) {
    return fail(Fault::length_mismatch, start);
  }
  const auto rest = in.take(length - used);
  if (!in.ok()) return fail(Fault::truncated, end);
  image.three_d.assign(rest.begin(), rest.end());
  return image;
}

Result<> write_picture(ByteWriter& out, const FaceImageRepresentation& image) {
  WHORL_TRY_VOID(check_compression(kFormat, image.compression, out.size() + 1));
  out.u8(static_cast<std::uint8_t>(image.type));
  out.u8(static_cast<std::uint8_t>(image.compression));
  out.u16(image.width_px);
  out.u16(image.height_px);
  out.u8(image.sampling_level);
  out.u16(image.post_processing);
  out.u8(image.cross_reference);
  out.u8(static_cast<std::uint8_t>(image.colour_space));
  if (image.data.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, out.size());
  out.u32(image.data.size());
  out.bytes(image.data);
  return {};
}

Result<> write_image(ByteWriter& out, bool certified, const FaceImageRepresentation& image) {
  const std::size_t start = out.size();
  if (image.quality_code != 0) return fail(Fault::out_of_range, start);
  if (!image.three_d.empty() && !is_three_d(image.type)) return fail(Fault::out_of_range, start);
  out.u32(0);
  WHORL_TRY_VOID(write_capture_block(
      out, certified,
      {image.captured, static_cast<std::uint8_t>(image.source), image.device_vendor,
       image.device_type, image.quality, image.certificates},
      TechnologyCodes::any));
  WHORL_TRY_VOID(write_person(out, kFormat, image));
  WHORL_TRY_VOID(write_picture(out, image));
  if (image.three_d.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, out.size());
  out.bytes(image.three_d);
  out.patch_u32(start, out.size() - start);
  return {};
}

}  // namespace

Result<FaceImageRecord> read_iso19794_5_2011(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kFaceRecordLengthAt);
  FaceImageRecord record;
  record.format = kFormat;
  const std::uint32_t length = in.u32();
  const std::uint16_t images = in.u16();
  const std::uint8_t certified = in.u8();
  record.temporal_semantics = in.u16();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_face_record_length(length, bytes.size()));
  WHORL_TRY_VOID(check_face_count(images));
  if (certified > 1) return fail(Fault::out_of_range, kCertifiedAt);
  record.certified = certified == 1;
  for (int i = 0; i < images; ++i) {
    WHORL_TRY(FaceImageRepresentation image, read_image(in, record.certified));
    record.images.push_back(std::move(image));
  }
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return record;
}

Result<Bytes> write_iso19794_5_2011(const FaceImageRecord& record) {
  WHORL_TRY_VOID(check_face_count(record.images.size()));
  ByteWriter out;
  out.u32(kFaceImageMagic);
  out.u32(kFaceImageVersion030);
  out.u32(0);
  out.u16(record.images.size());
  out.u8(record.certified ? 1 : 0);
  out.u16(record.temporal_semantics);
  for (const FaceImageRepresentation& image : record.images) {
    WHORL_TRY_VOID(write_image(out, record.certified, image));
  }
  out.patch_u32(kFaceRecordLengthAt, out.size());
  return out.take();
}

}  // namespace whorl::formats
