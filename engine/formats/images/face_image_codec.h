#pragma once
// Inside the formats layer: what the two forms of ISO/IEC 19794-5 share.

#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/result.h"
#include "engine/formats/images/face_image_record.h"

namespace whorl::formats {

inline constexpr std::uint32_t kFaceImageMagic = 0x46414300;       // "FAC\0"
inline constexpr std::uint32_t kFaceImageVersion010 = 0x30313000;  // "010\0"
inline constexpr std::uint32_t kFaceImageVersion030 = 0x30333000;  // "030\0"

inline constexpr std::size_t kFaceRecordLengthAt = 8;
inline constexpr std::size_t kFaceImageCountAt = 12;
inline constexpr std::size_t kLandmarkBytes = 8;

// Each reader is given a record whose magic and version have been judged.
Result<FaceImageRecord> read_iso19794_5_2005(std::span<const std::byte> bytes);
Result<FaceImageRecord> read_iso19794_5_2011(std::span<const std::byte> bytes);
Result<Bytes> write_iso19794_5_2005(const FaceImageRecord& record);
Result<Bytes> write_iso19794_5_2011(const FaceImageRecord& record);

// The facial information and the landmarks, which both forms have in this order; that of 2011 has
// the height of the person between. Of a record that ends before them nothing is judged: the caller
// asks ok().
void read_person(ByteReader& in, FaceImageFormat format, FaceImageRepresentation& image);
Result<> write_person(ByteWriter& out, FaceImageFormat format,
                      const FaceImageRepresentation& image);

Result<> check_face_record_length(std::uint32_t declared, std::size_t actual);
Result<> check_face_count(std::size_t count);  // 1 .. kMaxImagesPerFile
Result<> check_compression(FaceImageFormat format, FaceCompression compression,
                           std::uint64_t offset);
// From here on something may follow the picture.
inline bool is_three_d(FaceImageType type) { return type >= FaceImageType::basic_3d; }

}  // namespace whorl::formats
