#pragma once
// Inside the formats layer: what the two forms of ISO/IEC 19794-4 share.

#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/images/finger_image_record.h"

namespace whorl::formats {

inline constexpr std::uint32_t kFingerImageMagic = 0x46495200;       // "FIR\0"
inline constexpr std::uint32_t kFingerImageVersion010 = 0x30313000;  // "010\0"
inline constexpr std::uint32_t kFingerImageVersion020 = 0x30323000;  // "020\0"

// Each reader is given a record whose magic and version have been judged.
Result<FingerImageRecord> read_iso19794_4_2005(std::span<const std::byte> bytes);
Result<FingerImageRecord> read_iso19794_4_2011(std::span<const std::byte> bytes);
Result<Bytes> write_iso19794_4_2005(const FingerImageRecord& record);
Result<Bytes> write_iso19794_4_2011(const FingerImageRecord& record);

// Units, resolutions, depth and compression: 11 bytes that both forms have in this order. Of a
// record that ends before them nothing is judged: the caller asks ok().
Result<ImageCoding> read_coding(ByteReader& in, FingerImageFormat format);
Result<> write_coding(ByteWriter& out, FingerImageFormat format, const ImageCoding& coding);

Result<> check_position(FingerImageFormat format, RidgePosition position, std::uint64_t offset);
Result<> check_impression(FingerImageFormat format, Impression impression, std::uint64_t offset);
Result<> check_quality(std::uint8_t score, std::uint64_t offset);
// Width and height stand side by side, width first.
Result<> check_picture_size(std::uint16_t width_px, std::uint16_t height_px, std::uint64_t offset);
// 1 .. kMaxImagesPerFile.
Result<> check_image_count(std::size_t count, std::uint64_t offset);

}  // namespace whorl::formats
