// ISO/IEC 19794-5:2005. docs/formats/iso19794-5.md is the byte table.

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_codec.h"

namespace whorl::formats {
namespace {

constexpr auto kFormat = FaceImageFormat::iso19794_5_2005;

Result<> read_picture_header(ByteReader& in, FaceImageRepresentation& image) {
  const std::uint64_t start = in.offset();
  image.type = static_cast<FaceImageType>(in.u8());
  image.compression = static_cast<FaceCompression>(in.u8());
  image.width_px = in.u16();
  image.height_px = in.u16();
  image.colour_space = static_cast<ColourSpace>(in.u8());
  image.source = static_cast<FaceSource>(in.u8());
  image.device_type = in.u16();
  image.quality_code = in.u16();
  if (!in.ok()) return {};
  return check_compression(kFormat, image.compression, start + 1);
}

// The length that an image says is the only one that tells where its data ends.
Result<FaceImageRepresentation> read_image(ByteReader& in) {
  const std::uint64_t start = in.offset();
  const std::uint64_t end = start + in.remaining();
  FaceImageRepresentation image;
  const std::uint32_t length = in.u32();
  read_person(in, kFormat, image);
  WHORL_TRY_VOID(read_picture_header(in, image));
  if (!in.ok()) return fail(Fault::truncated, end);
  const std::uint64_t used = in.offset() - start;
  if (length < used) return fail(Fault::length_mismatch, start);
  const auto data = in.take(length - used);
  if (!in.ok()) return fail(Fault::truncated, end);
  image.data.assign(data.begin(), data.end());
  return image;
}

// Anything of 2011's own would be lost.
Result<> check_nothing_of_2011(const FaceImageRepresentation& image, std::uint64_t offset) {
  const FaceImageRepresentation none;
  const bool as_new =
      image.captured == none.captured && image.device_vendor == 0 && image.quality.empty() &&
      image.certificates.empty() && image.subject_height_cm == 0 && image.sampling_level == 0 &&
      image.post_processing == 0 && image.cross_reference == 0 && image.three_d.empty();
  if (!as_new) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> write_image(ByteWriter& out, const FaceImageRepresentation& image) {
  const std::size_t start = out.size();
  WHORL_TRY_VOID(check_nothing_of_2011(image, start));
  if (image.data.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, start);
  out.u32(0);
  WHORL_TRY_VOID(write_person(out, kFormat, image));
  WHORL_TRY_VOID(check_compression(kFormat, image.compression, out.size() + 1));
  out.u8(static_cast<std::uint8_t>(image.type));
  out.u8(static_cast<std::uint8_t>(image.compression));
  out.u16(image.width_px);
  out.u16(image.height_px);
  out.u8(static_cast<std::uint8_t>(image.colour_space));
  out.u8(static_cast<std::uint8_t>(image.source));
  out.u16(image.device_type);
  out.u16(image.quality_code);
  out.bytes(image.data);
  out.patch_u32(start, out.size() - start);
  return {};
}

}  // namespace

Result<FaceImageRecord> read_iso19794_5_2005(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(kFaceRecordLengthAt);
  FaceImageRecord record;
  record.format = kFormat;
  const std::uint32_t length = in.u32();
  const std::uint16_t images = in.u16();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  WHORL_TRY_VOID(check_face_record_length(length, bytes.size()));
  WHORL_TRY_VOID(check_face_count(images));
  for (int i = 0; i < images; ++i) {
    WHORL_TRY(FaceImageRepresentation image, read_image(in));
    record.images.push_back(std::move(image));
  }
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return record;
}

Result<Bytes> write_iso19794_5_2005(const FaceImageRecord& record) {
  if (record.certified || record.temporal_semantics != 0) return fail(Fault::out_of_range);
  WHORL_TRY_VOID(check_face_count(record.images.size()));
  ByteWriter out;
  out.u32(kFaceImageMagic);
  out.u32(kFaceImageVersion010);
  out.u32(0);
  out.u16(record.images.size());
  for (const FaceImageRepresentation& image : record.images) {
    WHORL_TRY_VOID(write_image(out, image));
  }
  out.patch_u32(kFaceRecordLengthAt, out.size());
  return out.take();
}

}  // namespace whorl::formats
