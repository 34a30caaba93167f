#pragma once
// Finger image records and ANSI/NIST-ITL transactions made up of nothing, for tests and as seeds of
// the fuzz targets. The same seed gives the same bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/random.h"
#include "engine/formats/images/finger_image_record.h"
#include "tests/support/random_records.h"

namespace whorl::test {

// An uncompressed TIFF of 8 or, from a white 0, of 1 bit a pixel, whose pixels are `samples`; at
// 300 ppi, or saying nothing of it.
inline Bytes tiff_file(int width_px, int height_px, int bits, std::span<const std::byte> samples,
                       bool at_300_ppi = false) {
  constexpr std::uint32_t kShort = 3, kLong = 4, kRational = 5;
  ByteWriter out;
  out.text("MM");
  out.u16(42);
  out.u32(8);
  const auto entry = [&out](std::uint32_t tag, std::uint32_t type, std::uint64_t value) {
    out.u16(tag);
    out.u16(type);
    out.u32(1);
    if (type == kShort) out.u16(value);
    if (type == kShort) out.u16(0);
    if (type != kShort) out.u32(value);
  };
  const std::uint64_t entries = at_300_ppi ? 11 : 9;
  const std::uint64_t end = 8 + 2 + 12 * entries + 4;
  out.u16(entries);
  entry(256, kShort, static_cast<std::uint64_t>(width_px));
  entry(257, kShort, static_cast<std::uint64_t>(height_px));
  entry(258, kShort, static_cast<std::uint64_t>(bits));
  entry(259, kShort, 1);                  // no compression
  entry(262, kShort, bits == 1 ? 0 : 1);  // which end is white
  entry(273, kLong, end + (at_300_ppi ? 8 : 0));
  entry(277, kShort, 1);
  entry(278, kShort, static_cast<std::uint64_t>(height_px));
  entry(279, kLong, samples.size());
  if (at_300_ppi) {
    entry(282, kRational, end);
    entry(283, kRational, end);
  }
  out.u32(0);
  if (at_300_ppi) {
    out.u32(300);
    out.u32(1);
  }
  out.bytes(samples);
  return out.take();
}

// As many bytes as a raw picture of `coding` takes.
inline std::size_t raw_bytes(const FingerImageRepresentation& image) {
  const std::size_t pixels = std::size_t{image.width_px} * image.height_px;
  const std::size_t depth = image.coding.depth_bits;
  if (image.coding.compression == ImageCompression::none) return pixels * (depth > 8 ? 2 : 1);
  return (image.width_px * depth + 7) / 8 * image.height_px;
}

inline ImageCoding random_coding(SeededRandom& random, FingerImageFormat format) {
  ImageCoding coding;
  coding.units = random.chance(0.5) ? ScaleUnits::per_cm : ScaleUnits::per_inch;
  coding.scan_x = random_below<std::uint16_t>(random, 1200);
  coding.scan_y = random_below<std::uint16_t>(random, 1200);
  coding.image_x = coding.image_y = coding.units == ScaleUnits::per_cm ? 197 : 500;
  coding.depth_bits = static_cast<std::uint8_t>(1 + random.below(16));
  coding.compression = random_below<ImageCompression>(random, 7);
  if (format == FingerImageFormat::iso19794_4_2005 &&
      coding.compression == ImageCompression::jpeg2000_lossless) {
    coding.compression = ImageCompression::packed;
  }
  return coding;
}

inline void add_2011_parts(SeededRandom& random, bool certified, FingerImageRepresentation& image) {
  image.captured.year = 2024;
  image.captured.millisecond = random_below<std::uint16_t>(random, 1000);
  image.sensor_technology = random_below<std::uint8_t>(random, 21);
  image.sensor_vendor = random_below<std::uint16_t>(random, 65536);
  image.sensor_type = random_below<std::uint16_t>(random, 65536);
  image.quality.assign(random_below<std::size_t>(random, 4), QualityRecord{});
  for (QualityRecord& quality : image.quality) {
    quality = {random_below<std::uint8_t>(random, 101), random_below<std::uint16_t>(random, 999),
               7};
  }
  if (certified) image.certificates.assign(random_below<std::size_t>(random, 3), Certificate{});
  for (std::int64_t i = random.below(3); i > 0; --i) {
    const auto length = random_below<std::size_t>(random, 30);
    image.extended.push_back(
        {random_below<std::uint16_t>(random, 5), random_bytes(random, length)});
  }
}

inline FingerImageRepresentation random_finger_image(SeededRandom& random,
                                                     const FingerImageRecord& record,
                                                     const ImageCoding& coding) {
  FingerImageRepresentation image;
  image.position = RidgePosition{random_below<std::uint8_t>(random, 16)};
  image.number = random_below<std::uint8_t>(random, 256);
  image.impression = random_below<Impression>(random, 16);
  image.quality = {QualityRecord{random_below<std::uint8_t>(random, 101)}};
  image.coding = coding;
  image.width_px = static_cast<std::uint16_t>(1 + random.below(9));
  image.height_px = static_cast<std::uint16_t>(1 + random.below(9));
  image.data = random_bytes(random, raw_bytes(image));
  if (record.format == FingerImageFormat::iso19794_4_2005) {
    image.view_count = random_below<std::uint8_t>(random, 256);
  } else {
    add_2011_parts(random, record.certified, image);
  }
  return image;
}

inline FingerImageRecord random_finger_image_record(SeededRandom& random,
                                                    FingerImageFormat format) {
  FingerImageRecord record;
  record.format = format;
  const bool of_2005 = format == FingerImageFormat::iso19794_4_2005;
  if (of_2005) {
    record.device_id = random_below<std::uint16_t>(random, 65536);
    record.acquisition_level = random_below<std::uint16_t>(random, 65536);
  } else {
    record.certified = random.chance(0.5);
  }
  const ImageCoding shared = random_coding(random, format);
  for (std::int64_t i = random.below(4); i >= 0; --i) {
    const ImageCoding coding = of_2005 ? shared : random_coding(random, format);
    record.images.push_back(random_finger_image(random, record, coding));
  }
  record.finger_count = static_cast<std::uint8_t>(record.images.size());
  return record;
}

// How the tags of a transaction are written: "14.001:", or "14.01:" as in the year 2000.
enum class TagWidth : std::uint8_t { two_digits = 2, three_digits = 3 };

inline std::string tag(int type, int number, TagWidth width) {
  std::string digits = std::to_string(number);
  while (digits.size() < static_cast<std::size_t>(width)) digits.insert(0, "0");
  return std::to_string(type) + "." + digits + ":";
}

struct NistRecord {
  int type = 0;
  Bytes bytes;
};

using FieldTexts = std::vector<std::pair<int, std::string>>;

// A tagged record; `data` is field 999 where there is any. Separators in the texts are written as
// they stand in the standard's own examples: '^' for RS and '|' for US.
inline NistRecord tagged_record(int type, const FieldTexts& fields, TagWidth width,
                                std::span<const std::byte> data = {}) {
  ByteWriter rest;
  for (const auto& [number, text] : fields) {
    rest.u8(0x1D);
    rest.text(tag(type, number, width));
    for (const char c : text) {
      rest.u8(c == '^' ? 0x1E : c == '|' ? 0x1F : static_cast<unsigned char>(c));
    }
  }
  if (!data.empty()) {
    rest.u8(0x1D);
    rest.text(tag(type, 999, width));
    rest.bytes(data);
  }
  rest.u8(0x1C);
  // The length counts its own digits.
  std::string first;
  std::size_t length = 0;
  while (length != first.size() + rest.size()) {
    length = first.size() + rest.size();
    first = tag(type, 1, width) + std::to_string(length);
  }
  ByteWriter out;
  out.text(first);
  out.bytes(rest.view());
  return {type, out.take()};
}

struct BinaryFields {
  std::vector<int> positions = {1};
  int impression = 0;
  int isr = 0;
  int width_px = 4;
  int height_px = 3;
  int compression = 0;
};

// Type 3, 4, 5 and 6.
inline NistRecord binary_record(int type, const BinaryFields& fields,
                                std::span<const std::byte> data) {
  ByteWriter out;
  out.u32(18 + data.size());
  out.u8(1);  // IDC
  out.u8(static_cast<std::uint64_t>(fields.impression));
  for (std::size_t i = 0; i < 6; ++i) {
    out.u8(i < fields.positions.size() ? static_cast<std::uint64_t>(fields.positions[i]) : 255);
  }
  out.u8(static_cast<std::uint64_t>(fields.isr));
  out.u16(static_cast<std::uint64_t>(fields.width_px));
  out.u16(static_cast<std::uint64_t>(fields.height_px));
  out.u8(static_cast<std::uint64_t>(fields.compression));
  out.bytes(data);
  return {type, out.take()};
}

// The records behind a Type-1 record that lists them.
inline Bytes transaction(const std::vector<NistRecord>& records,
                         TagWidth width = TagWidth::three_digits, std::string native = "19.69",
                         std::string transmitted = "19.69") {
  std::string content = "1|" + std::to_string(records.size());
  for (const NistRecord& record : records) content += "^" + std::to_string(record.type) + "|01";
  ByteWriter out;
  out.bytes(tagged_record(1,
                          {{2, "0400"},
                           {3, content},
                           {4, "TEST"},
                           {11, std::move(native)},
                           {12, std::move(transmitted)}},
                          width)
                .bytes);
  for (const NistRecord& record : records) out.bytes(record.bytes);
  return out.take();
}

// What every Type-14 record says of an 8-bit picture at 500 ppi.
inline FieldTexts type14_fields(int position, int width_px, int height_px,
                                const std::string& compression) {
  return {{2, "01"},
          {3, "0"},
          {4, "TEST"},
          {5, "20240229"},
          {6, std::to_string(width_px)},
          {7, std::to_string(height_px)},
          {8, "1"},
          {9, "500"},
          {10, "500"},
          {11, compression},
          {12, "8"},
          {13, std::to_string(position)}};
}

// A field of the same number takes the place of the one that is there; "-" leaves none.
inline FieldTexts with(FieldTexts fields, int number, const std::string& text) {
  std::erase_if(fields, [number](const auto& field) { return field.first == number; });
  if (text != "-") fields.emplace_back(number, text);
  return fields;
}

// A Type-2 record and a few that show fingers, raw or compressed.
inline Bytes random_transaction(SeededRandom& random) {
  const TagWidth width = random.chance(0.5) ? TagWidth::two_digits : TagWidth::three_digits;
  std::vector<NistRecord> records = {tagged_record(2, {{2, "00"}}, width)};
  for (std::int64_t i = random.below(4); i >= 0; --i) {
    const int width_px = random_below<int>(random, 9) + 1, height_px = 4;
    const int position = random_below<int>(random, 16);
    const Bytes raw = random_bytes(random, static_cast<std::size_t>(4 * width_px));
    const bool compressed = random.chance(0.5);
    const Bytes data = compressed ? tiff_file(width_px, height_px, 8, raw) : raw;
    if (random.chance(0.5)) {
      records.push_back(binary_record(random.chance(0.5) ? 3 : 4,
                                      {.positions = {position},
                                       .impression = random_below<int>(random, 4),
                                       .isr = random_below<int>(random, 2),
                                       .width_px = width_px,
                                       .height_px = height_px,
                                       .compression = compressed ? 1 : 0},
                                      data));
      continue;
    }
    FieldTexts fields = type14_fields(position, width_px, height_px, compressed ? "PNG" : "NONE");
    fields.emplace_back(18, "3|XX^9|UP");
    fields.emplace_back(21, "2|0|1|0|2^3|0|9|1|9");
    fields.emplace_back(22, "2|3");
    fields.emplace_back(24, "3|61|000F|1");
    fields.emplace_back(25, "4|3|0|0|1|1|0|3");
    records.push_back(tagged_record(14, fields, width, data));
  }
  return transaction(records, width);
}

}  // namespace whorl::test
