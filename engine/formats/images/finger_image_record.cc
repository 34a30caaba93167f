#include "engine/formats/images/finger_image_record.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "engine/base/limits.h"
#include "engine/formats/images/finger_image_codec.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

constexpr std::uint8_t kMaxDepthBits = 16;
constexpr std::uint8_t kLastFinger2005 = 15;
constexpr std::uint8_t kFirstPalm = 20, kLastPalm = 36;
constexpr std::uint8_t kFirstCombination = 40, kLastCombination = 50;
constexpr std::uint8_t kLastImpression2005 = 15;
constexpr std::uint8_t kFirstImpression2011 = 20, kLastImpression2011 = 29;

// In the order of their codes; the two forms part at 5.
constexpr std::array kCompressions2005 = {ImageCompression::none,     ImageCompression::packed,
                                          ImageCompression::wsq,      ImageCompression::jpeg,
                                          ImageCompression::jpeg2000, ImageCompression::png};
constexpr std::array kCompressions2011 = {
    ImageCompression::none, ImageCompression::packed,   ImageCompression::wsq,
    ImageCompression::jpeg, ImageCompression::jpeg2000, ImageCompression::jpeg2000_lossless,
    ImageCompression::png};

std::span<const ImageCompression> compressions_of(FingerImageFormat format) {
  if (format == FingerImageFormat::iso19794_4_2005) return kCompressions2005;
  return kCompressions2011;
}

SampleCoding sample_coding_of(ImageCompression compression) {
  switch (compression) {
    case ImageCompression::none:
      return SampleCoding::whole_bytes;
    case ImageCompression::packed:
      return SampleCoding::packed;
    default:
      return SampleCoding::compressed;
  }
}

Result<> check_coding(const ImageCoding& coding, std::uint64_t start) {
  if (coding.units != ScaleUnits::per_inch && coding.units != ScaleUnits::per_cm) {
    return fail(Fault::out_of_range, start);
  }
  if (coding.depth_bits == 0 || coding.depth_bits > kMaxDepthBits) {
    return fail(Fault::out_of_range, start + 9);
  }
  return {};
}

// Bytes of an image before its data.
std::size_t header_bytes(const FingerImageRecord& record, const FingerImageRepresentation& image) {
  if (record.format == FingerImageFormat::iso19794_4_2005) return 14;
  const std::size_t certificates = record.certified ? 1 + 3 * image.certificates.size() : 0;
  return 41 + 5 * image.quality.size() + certificates;
}

std::uint64_t data_offset(const FingerImageRecord& record, std::size_t index) {
  std::uint64_t offset = record.format == FingerImageFormat::iso19794_4_2005 ? 32 : 16;
  for (std::size_t i = 0; i < index; ++i) {
    const FingerImageRepresentation& image = record.images[i];
    offset += header_bytes(record, image) + image.data.size();
    for (const ExtendedBlock& block : image.extended) offset += 4 + block.data.size();
  }
  return offset + header_bytes(record, record.images[index]);
}

}  // namespace

Result<ImageCoding> read_coding(ByteReader& in, FingerImageFormat format) {
  const std::uint64_t start = in.offset();
  ImageCoding coding;
  coding.units = static_cast<ScaleUnits>(in.u8());
  coding.scan_x = in.u16();
  coding.scan_y = in.u16();
  coding.image_x = in.u16();
  coding.image_y = in.u16();
  coding.depth_bits = in.u8();
  const std::uint8_t code = in.u8();
  if (!in.ok()) return coding;
  WHORL_TRY_VOID(check_coding(coding, start));
  const auto known = compressions_of(format);
  if (code >= known.size()) return fail(Fault::out_of_range, start + 10);
  coding.compression = known[code];
  return coding;
}

Result<> write_coding(ByteWriter& out, FingerImageFormat format, const ImageCoding& coding) {
  const std::size_t start = out.size();
  WHORL_TRY_VOID(check_coding(coding, start));
  const auto known = compressions_of(format);
  const auto place = std::find(known.begin(), known.end(), coding.compression);
  if (place == known.end()) return fail(Fault::out_of_range, start + 10);
  out.u8(static_cast<std::uint8_t>(coding.units));
  out.u16(coding.scan_x);
  out.u16(coding.scan_y);
  out.u16(coding.image_x);
  out.u16(coding.image_y);
  out.u8(coding.depth_bits);
  out.u8(static_cast<std::uint64_t>(place - known.begin()));
  return {};
}

Result<> check_position(FingerImageFormat format, RidgePosition position, std::uint64_t offset) {
  const std::uint8_t code = position.value();
  const bool of_both = code <= kLastFinger2005 || (code >= kFirstPalm && code <= kLastPalm);
  const bool of_2011 = format == FingerImageFormat::iso19794_4_2011 && code >= kFirstCombination &&
                       code <= kLastCombination;
  if (!of_both && !of_2011) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> check_impression(FingerImageFormat format, Impression impression, std::uint64_t offset) {
  const auto code = static_cast<std::uint8_t>(impression);
  const bool of_2011 = format == FingerImageFormat::iso19794_4_2011 &&
                       code >= kFirstImpression2011 && code <= kLastImpression2011;
  if (code > kLastImpression2005 && !of_2011) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> check_quality(std::uint8_t score, std::uint64_t offset) {
  if (score > 100 && score < kQualityNotReported) return fail(Fault::out_of_range, offset);
  return {};
}

Result<> check_picture_size(std::uint16_t width_px, std::uint16_t height_px, std::uint64_t offset) {
  if (width_px == 0) return fail(Fault::out_of_range, offset);
  if (height_px == 0) return fail(Fault::out_of_range, offset + 2);
  return {};
}

Result<> check_image_count(std::size_t count, std::uint64_t offset) {
  if (count == 0) return fail(Fault::out_of_range, offset);
  if (count > kMaxImagesPerFile) return fail(Fault::limit_exceeded, offset);
  return {};
}

bool looks_like_finger_image_record(std::span<const std::byte> bytes) {
  const auto magic = as_bytes(std::string_view("FIR\0", 4));
  return std::equal(magic.begin(), magic.begin() + std::min<std::ptrdiff_t>(std::ssize(bytes), 4),
                    bytes.begin());
}

Result<FingerImageRecord> decode_finger_image_record(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (!looks_like_finger_image_record(bytes)) return fail(Fault::bad_magic);
  if (bytes.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded);
  ByteReader in(bytes);
  in.take(4);
  const std::uint32_t version = in.u32();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (version == kFingerImageVersion010) return read_iso19794_4_2005(bytes);
  if (version == kFingerImageVersion020) return read_iso19794_4_2011(bytes);
  return fail(Fault::unsupported, 4);
}

Result<Bytes> encode_finger_image_record(const FingerImageRecord& record) {
  auto bytes = record.format == FingerImageFormat::iso19794_4_2005 ? write_iso19794_4_2005(record)
                                                                   : write_iso19794_4_2011(record);
  if (bytes && bytes->size() > kMaxImageFileBytes) {
    return fail(Fault::limit_exceeded, kMaxImageFileBytes);
  }
  return bytes;
}

Result<RecordedPicture> picture_of(const FingerImageRecord& record, std::size_t index) {
  const FingerImageRepresentation& image = record.images.at(index);
  const ImageCoding& coding = image.coding;
  RecordedPicture picture;
  picture.coding = sample_coding_of(coding.compression);
  picture.width_px = image.width_px;
  picture.height_px = image.height_px;
  picture.depth_bits = coding.depth_bits;
  picture.data = image.data;
  picture.offset = data_offset(record, index);
  const double per_inch = coding.units == ScaleUnits::per_cm ? kCmPerInch : 1.0;
  WHORL_TRY(picture.ppi,
            resolution_of(coding.image_x * per_inch, coding.image_y * per_inch, picture.offset));
  return picture;
}

}  // namespace whorl::formats
