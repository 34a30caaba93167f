#pragma once
// Face image records and data groups of chips made up of nothing, for tests and as seeds of the
// fuzz targets. The same seed gives the same bytes.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/random.h"
#include "engine/formats/images/face_image_record.h"
#include "tests/support/random_records.h"

namespace whorl::test {

inline PoseCodes random_pose(SeededRandom& random) {
  return {random_below<std::uint8_t>(random, 182), random_below<std::uint8_t>(random, 182),
          random_below<std::uint8_t>(random, 182)};
}

inline void add_2011_parts(SeededRandom& random, bool certified, FaceImageRepresentation& image) {
  image.captured.year = 2024;
  image.captured.month = 2;
  image.device_vendor = random_below<std::uint16_t>(random, 65536);
  for (std::int64_t i = random.below(3); i > 0; --i) {
    image.quality.push_back({random_below<std::uint8_t>(random, 101), 1, 2});
  }
  if (certified) image.certificates.assign(random_below<std::size_t>(random, 3), Certificate{});
  image.subject_height_cm = random_below<std::uint8_t>(random, 256);
  image.sampling_level = random_below<std::uint8_t>(random, 8);
  image.post_processing = random_below<std::uint16_t>(random, 512);
  image.cross_reference = random_below<std::uint8_t>(random, 3);
  image.compression = random_below<FaceCompression>(random, 4);
  if (random.chance(0.2)) {
    image.type = FaceImageType::basic_3d;
    image.three_d = random_bytes(random, random_below<std::size_t>(random, 20));
  }
}

// An image whose data is `picture`, a file of its own.
inline FaceImageRepresentation random_face_image(SeededRandom& random, FaceImageFormat format,
                                                 bool certified, Bytes picture) {
  FaceImageRepresentation image;
  image.gender = random_below<Gender>(random, 3);
  image.eye_colour = random_below<EyeColour>(random, 8);
  image.hair_colour = random_below<HairColour>(random, 8);
  image.features.mask = random_below<std::uint32_t>(random, 1 << 24);
  image.expression = random_below<std::uint16_t>(random, 8);
  image.pose = random_pose(random);
  image.pose_uncertainty = random_pose(random);
  for (std::int64_t i = random.below(5); i > 0; --i) {
    image.landmarks.push_back({1, random_below<std::uint8_t>(random, 256),
                               random_below<std::uint16_t>(random, 40),
                               random_below<std::uint16_t>(random, 40), 0});
  }
  image.type = random_below<FaceImageType>(random, 3);
  image.compression = random_below<FaceCompression>(random, 2);
  image.width_px = random_below<std::uint16_t>(random, 100);
  image.height_px = random_below<std::uint16_t>(random, 100);
  image.colour_space = random_below<ColourSpace>(random, 5);
  image.source = random_below<FaceSource>(random, 8);
  image.device_type = random_below<std::uint16_t>(random, 65536);
  image.data = std::move(picture);
  if (format == FaceImageFormat::iso19794_5_2005) {
    image.quality_code = random_below<std::uint16_t>(random, 101);
  } else {
    add_2011_parts(random, certified, image);
  }
  return image;
}

// One to three images, each of one of `pictures`; of bytes that are none where there is none.
inline FaceImageRecord random_face_image_record(SeededRandom& random, FaceImageFormat format,
                                                std::span<const Bytes> pictures = {}) {
  FaceImageRecord record;
  record.format = format;
  if (format == FaceImageFormat::iso19794_5_2011) {
    record.certified = random.chance(0.5);
    record.temporal_semantics = random_below<std::uint16_t>(random, 3);
  }
  for (std::int64_t i = random.below(3); i >= 0; --i) {
    Bytes picture = pictures.empty()
                        ? random_bytes(random, random_below<std::size_t>(random, 30))
                        : pictures[random_below<std::size_t>(random, std::ssize(pictures))];
    record.images.push_back(
        random_face_image(random, format, record.certified, std::move(picture)));
  }
  return record;
}

// An element of the basic encoding rules; its length in `length_bytes` behind the first, or in one
// alone, or as short as it can be.
inline constexpr int kShortest = -1;
inline Bytes ber(std::uint32_t tag, std::span<const std::byte> value,
                 int length_bytes = kShortest) {
  ByteWriter out;
  if (tag > 0xFF) out.u8(tag >> 8U);
  out.u8(tag);
  if (length_bytes == kShortest) {
    length_bytes = value.size() < 0x80      ? 0
                   : value.size() < 0x100   ? 1
                   : value.size() < 0x10000 ? 2
                                            : 3;
  }
  if (length_bytes > 0) out.u8(0x80U + static_cast<unsigned>(length_bytes));
  for (int i = length_bytes == 0 ? 0 : length_bytes - 1; i >= 0; --i) {
    out.u8(value.size() >> (8U * static_cast<unsigned>(i)));
  }
  out.bytes(value);
  return out.take();
}

inline Bytes joined(std::initializer_list<std::span<const std::byte>> parts) {
  ByteWriter out;
  for (const auto& part : parts) out.bytes(part);
  return out.take();
}

inline Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// The header that ICAO Doc 9303-10 asks for: version 1.1, a face, made at noon of 29 February 2024,
// ISO/IEC 19794-5.
inline Bytes chip_header() {
  return joined({ber(0x80, bytes_of({1, 1})), ber(0x81, bytes_of({2})),
                 ber(0x83, bytes_of({0x20, 0x24, 0x02, 0x29, 0x12, 0x00, 0x00})),
                 ber(0x87, bytes_of({1, 1})), ber(0x88, bytes_of({0, 8}))});
}

struct ChipOptions {
  std::uint32_t record_tag = 0x5F2E;
  int length_bytes = kShortest;  // of every length but the header's
  Bytes header = chip_header();
};

// EF.DG2 with these records.
inline Bytes data_group_2(const std::vector<Bytes>& records, const ChipOptions& options = {}) {
  ByteWriter templates;
  templates.bytes(ber(0x02, bytes_of({static_cast<int>(records.size())})));
  for (const Bytes& record : records) {
    templates.bytes(ber(
        0x7F60,
        joined({ber(0xA1, options.header), ber(options.record_tag, record, options.length_bytes)}),
        options.length_bytes));
  }
  return ber(0x75, ber(0x7F61, templates.view(), options.length_bytes), options.length_bytes);
}

}  // namespace whorl::test
