#include "engine/formats/images/finger_image_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "engine/base/limits.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

using test::random_finger_image_record;

Bytes encoded(const FingerImageRecord& record) {
  auto bytes = encode_finger_image_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

// A right index finger of 3 x 2 pixels.
FingerImageRecord small_record(FingerImageFormat format) {
  FingerImageRepresentation image;
  image.position = RidgePosition{2};
  image.quality = {QualityRecord{80}};
  image.width_px = 3;
  image.height_px = 2;
  image.data.assign(6, std::byte{7});
  FingerImageRecord record;
  record.format = format;
  record.images = {image};
  return record;
}

std::string name_of(FingerImageFormat format) {
  return format == FingerImageFormat::iso19794_4_2005 ? "Iso2005" : "Iso2011";
}

class EveryImageFormat : public testing::TestWithParam<FingerImageFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, EveryImageFormat, testing::ValuesIn(kFingerImageFormats),
                         [](const auto& tested) { return name_of(tested.param); });

TEST_P(EveryImageFormat, GivesBackRandomRecords) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededRandom random(seed);
    const FingerImageRecord record = random_finger_image_record(random, GetParam());
    const Bytes bytes = encoded(record);
    const auto decoded = decode_finger_image_record(bytes);
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << describe(decoded.error());
    ASSERT_TRUE(*decoded == record) << "seed " << seed;
    ASSERT_TRUE(encoded(*decoded) == bytes) << "seed " << seed;
  }
}

TEST_P(EveryImageFormat, RefusesEveryPrefixAsTruncated) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SeededRandom random(seed);
    const Bytes bytes = encoded(random_finger_image_record(random, GetParam()));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_finger_image_record(std::span(bytes).first(length));
      ASSERT_FALSE(decoded) << "seed " << seed << ", " << length << " bytes";
      ASSERT_EQ(decoded.error().fault, length == 0 ? Fault::empty_input : Fault::truncated)
          << "seed " << seed << ", " << length << " of " << bytes.size() << " bytes";
      ASSERT_EQ(decoded.error().offset, length);
    }
  }
}

TEST_P(EveryImageFormat, RefusesBytesAfterTheRecord) {
  Bytes bytes = encoded(small_record(GetParam()));
  for (int extra = 1; extra <= 40; ++extra) {
    bytes.push_back(std::byte{0});
    const auto decoded = decode_finger_image_record(bytes);
    ASSERT_FALSE(decoded) << extra << " more";
    ASSERT_EQ(decoded.error().fault, Fault::length_mismatch);
    ASSERT_EQ(decoded.error().offset, 8U);
  }
}

TEST_P(EveryImageFormat, StandsEveryChangeOfOneByte) {
  SeededRandom random(7);
  const Bytes bytes = encoded(random_finger_image_record(random, GetParam()));
  int accepted = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flipped : {0x01U, 0x80U, 0xFFU}) {
      Bytes spoilt = bytes;
      spoilt[i] ^= static_cast<std::byte>(flipped);
      const auto decoded = decode_finger_image_record(spoilt);
      if (!decoded) {
        ASSERT_LE(decoded.error().offset, spoilt.size());
        continue;
      }
      ++accepted;
      ASSERT_TRUE(encoded(*decoded) == spoilt) << "byte " << i;
    }
  }
  EXPECT_GT(accepted, 0);
}

// Changes of one byte that must be refused, each with its fault at its offset.
struct Spoilt {
  std::size_t offset;
  std::uint8_t value;
  Fault fault;
  std::size_t told_at;
};

void expect_refused(const FingerImageRecord& record, std::size_t length,
                    const std::vector<Spoilt>& table) {
  const Bytes bytes = encoded(record);
  ASSERT_EQ(bytes.size(), length);
  ASSERT_TRUE(decode_finger_image_record(bytes));
  for (const Spoilt& row : table) {
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    const auto decoded = decode_finger_image_record(spoilt);
    ASSERT_FALSE(decoded) << "byte " << row.offset;
    EXPECT_EQ(decoded.error().fault, row.fault)
        << "byte " << row.offset << ": " << describe(decoded.error());
    EXPECT_EQ(decoded.error().offset, row.told_at) << "byte " << row.offset;
  }
}

TEST(SpoiltImageRecord2005, EachByteHasItsFault) {
  expect_refused(small_record(FingerImageFormat::iso19794_4_2005), 52,
                 {
                     {0, 'X', Fault::bad_magic, 0},
                     {3, 1, Fault::bad_magic, 0},
                     {5, '3', Fault::unsupported, 4},
                     {7, 1, Fault::unsupported, 4},
                     {8, 1, Fault::limit_exceeded, 8},  // 2^40 bytes
                     {10, 0x11, Fault::limit_exceeded, 8},
                     {13, 51, Fault::length_mismatch, 8},
                     {13, 53, Fault::truncated, 52},
                     {18, 0, Fault::out_of_range, 18},  // fingers
                     {18, 2, Fault::length_mismatch, 18},
                     {19, 0, Fault::out_of_range, 19},  // units
                     {19, 3, Fault::out_of_range, 19},
                     {28, 0, Fault::out_of_range, 28},  // depth
                     {28, 17, Fault::out_of_range, 28},
                     {29, 6, Fault::out_of_range, 29},  // compression
                     {30, 1, Fault::out_of_range, 30},  // reserved
                     {31, 1, Fault::out_of_range, 30},
                     {32, 1, Fault::truncated, 52},  // length of the image
                     {35, 13, Fault::length_mismatch, 32},
                     {35, 19, Fault::truncated, 52},  // a second image begins with the last byte
                     {35, 21, Fault::truncated, 52},
                     {36, 16, Fault::out_of_range, 36},  // position
                     {36, 19, Fault::out_of_range, 36},
                     {36, 37, Fault::out_of_range, 36},
                     {36, 40, Fault::out_of_range, 36},   // of 2011
                     {39, 101, Fault::out_of_range, 39},  // quality
                     {39, 253, Fault::out_of_range, 39},
                     {40, 16, Fault::out_of_range, 40},  // impression
                     {40, 24, Fault::out_of_range, 40},
                     {42, 0, Fault::out_of_range, 41},  // width
                     {44, 0, Fault::out_of_range, 43},  // height
                     {45, 1, Fault::out_of_range, 45},  // reserved
                 });
}

TEST(SpoiltImageRecord2011, EachByteHasItsFault) {
  FingerImageRecord record = small_record(FingerImageFormat::iso19794_4_2011);
  record.images[0].extended = {{ExtendedBlock::kComment, Bytes(3)}};
  expect_refused(
      record, 75,
      {
          {0, 'X', Fault::bad_magic, 0},        {5, '3', Fault::unsupported, 4},
          {8, 0x11, Fault::limit_exceeded, 8},  {11, 74, Fault::length_mismatch, 8},
          {11, 76, Fault::truncated, 75},       {12, 1, Fault::limit_exceeded, 12},  // images
          {13, 0, Fault::out_of_range, 12},     {13, 2, Fault::truncated, 75},
          {13, 129, Fault::limit_exceeded, 12}, {14, 2, Fault::out_of_range, 14},  // certified
          {16, 1, Fault::truncated, 75},  // length of the image
          {19, 40, Fault::length_mismatch, 16}, {19, 51, Fault::length_mismatch, 16},
          {19, 52, Fault::length_mismatch, 68},  // the data, and nothing behind it
          {19, 58, Fault::length_mismatch, 70}, {19, 60, Fault::truncated, 75},
          {29, 21, Fault::out_of_range, 29},   // sensor technology
          {35, 101, Fault::out_of_range, 35},  // quality
          {35, 253, Fault::out_of_range, 35},   {40, 16, Fault::out_of_range, 40},  // position
          {40, 51, Fault::out_of_range, 40},    {42, 0, Fault::out_of_range, 42},   // units
          {42, 3, Fault::out_of_range, 42},     {51, 0, Fault::out_of_range, 51},   // depth
          {51, 17, Fault::out_of_range, 51},    {52, 7, Fault::out_of_range, 52},   // compression
          {53, 16, Fault::out_of_range, 53},                                        // impression
          {53, 30, Fault::out_of_range, 53},    {55, 0, Fault::out_of_range, 54},   // width
          {57, 0, Fault::out_of_range, 56},                                         // height
          {58, 1, Fault::truncated, 75},                                            // data
          {61, 14, Fault::truncated, 75},       {61, 5, Fault::length_mismatch, 69},
          {71, 3, Fault::length_mismatch, 70},  // the block's length
          {71, 8, Fault::length_mismatch, 70},
      });
}

// 2005 counts fingers, or images; anything else is neither.
TEST(ImageRecord2005, CountsFingersOrTheirImages) {
  FingerImageRecord record = small_record(FingerImageFormat::iso19794_4_2005);
  record.images.push_back(record.images[0]);
  record.images.push_back(record.images[0]);
  record.images[2].position = RidgePosition{3};
  for (const std::uint8_t count : {std::uint8_t{2}, std::uint8_t{3}}) {
    record.finger_count = count;
    const auto decoded = decode_finger_image_record(encoded(record));
    ASSERT_TRUE(decoded) << describe(decoded.error());
    EXPECT_TRUE(*decoded == record);
  }
  record.finger_count = 1;
  const auto refused = encode_finger_image_record(record);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::length_mismatch);
}

TEST(ImageRecord2011, HoldsNoMoreBlocksThanItsLimit) {
  FingerImageRecord record = small_record(FingerImageFormat::iso19794_4_2011);
  record.images[0].extended.assign(kMaxExtendedBlocks, ExtendedBlock{});
  ByteWriter one_more;
  one_more.bytes(encoded(record));
  ASSERT_TRUE(decode_finger_image_record(one_more.view()));
  one_more.u32(4);  // a block of type 0 and four bytes
  one_more.patch_u32(8, one_more.size());
  one_more.patch_u32(16, one_more.size() - 16);
  const auto refused = decode_finger_image_record(one_more.view());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Fault::limit_exceeded, one_more.size() - 4, ""}));
}

struct Refusal {
  const char* what;
  FingerImageFormat format;
  std::function<void(FingerImageRecord&)> spoil;
  Fault fault;
};

TEST(ImageRecordEncoder, RefusesWhatTheFormCannotHold) {
  constexpr auto k2005 = FingerImageFormat::iso19794_4_2005;
  constexpr auto k2011 = FingerImageFormat::iso19794_4_2011;
  using Record = FingerImageRecord&;
  const Refusal table[] = {
      {"no image", k2005, [](Record r) { r.images.clear(); }, Fault::out_of_range},
      {"no image", k2011, [](Record r) { r.images.clear(); }, Fault::out_of_range},
      {"too many", k2011, [](Record r) { r.images.resize(129, r.images[0]); },
       Fault::limit_exceeded},
      {"a flag of 2011", k2005, [](Record r) { r.certified = true; }, Fault::out_of_range},
      {"capture time", k2005, [](Record r) { r.images[0].captured.year = 2024; },
       Fault::out_of_range},
      {"a sensor", k2005, [](Record r) { r.images[0].sensor_vendor = 1; }, Fault::out_of_range},
      {"two scores", k2005, [](Record r) { r.images[0].quality.assign(2, QualityRecord{}); },
       Fault::out_of_range},
      {"no score", k2005, [](Record r) { r.images[0].quality.clear(); }, Fault::out_of_range},
      {"whose score", k2005, [](Record r) { r.images[0].quality[0].vendor = 1; },
       Fault::out_of_range},
      {"certificates", k2005, [](Record r) { r.images[0].certificates.assign(1, Certificate{}); },
       Fault::out_of_range},
      {"blocks", k2005, [](Record r) { r.images[0].extended.assign(1, ExtendedBlock{}); },
       Fault::out_of_range},
      {"lossless", k2005,
       [](Record r) { r.images[0].coding.compression = ImageCompression::jpeg2000_lossless; },
       Fault::out_of_range},
      {"codings that differ", k2005,
       [](Record r) {
         r.images.push_back(r.images[0]);
         r.images[1].coding.depth_bits = 4;
       },
       Fault::out_of_range},
      {"a device", k2011, [](Record r) { r.device_id = 1; }, Fault::out_of_range},
      {"a level", k2011, [](Record r) { r.acquisition_level = 31; }, Fault::out_of_range},
      {"views", k2011, [](Record r) { r.images[0].view_count = 2; }, Fault::out_of_range},
      {"unannounced certificates", k2011,
       [](Record r) { r.images[0].certificates.assign(1, Certificate{}); }, Fault::out_of_range},
      {"scores", k2011, [](Record r) { r.images[0].quality.assign(256, QualityRecord{}); },
       Fault::limit_exceeded},
      {"a long block", k2011,
       [](Record r) {
         r.images[0].extended = {{9, Bytes(65532)}};
       },
       Fault::limit_exceeded},
      {"many blocks", k2011, [](Record r) { r.images[0].extended.assign(257, ExtendedBlock{}); },
       Fault::limit_exceeded},
      {"no width", k2011, [](Record r) { r.images[0].width_px = 0; }, Fault::out_of_range},
      {"depth", k2011, [](Record r) { r.images[0].coding.depth_bits = 24; }, Fault::out_of_range},
      {"position", k2011, [](Record r) { r.images[0].position = RidgePosition{99}; },
       Fault::out_of_range},
      {"impression", k2005, [](Record r) { r.images[0].impression = Impression::unknown; },
       Fault::out_of_range},
  };
  for (const Refusal& row : table) {
    FingerImageRecord record = small_record(row.format);
    ASSERT_TRUE(encode_finger_image_record(record));
    row.spoil(record);
    const auto refused = encode_finger_image_record(record);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error().fault, row.fault) << row.what << ": " << describe(refused.error());
  }
}

TEST(ImageRecordBlocks, SayWhereFingersLieAndWhichAreMissing) {
  FingerImageRepresentation image;
  ByteWriter segments;
  for (int i = 0; i < 9; ++i) segments.u8(99);
  segments.u8(2);
  segments.u8(7), segments.u8(57), segments.u8(2);  // left index, its quality, two corners
  for (const int xy : {30, 40, 10, 20}) segments.u16(static_cast<std::uint64_t>(xy));
  segments.u8(0);
  segments.u8(8), segments.u8(254), segments.u8(3);
  for (const int xy : {5, 9, 7, 1, 2, 3}) segments.u16(static_cast<std::uint64_t>(xy));
  segments.u8(0);
  const Bytes whole = segments.take();
  image.extended = {{ExtendedBlock::kAnnotation,
                     {std::byte{4}, std::byte{1}, std::byte{1}, std::byte{10}, std::byte{2},
                      std::byte{3}, std::byte{9}, std::byte{20}, std::byte{1}}},
                    {ExtendedBlock::kSegmentation, whole}};
  EXPECT_THAT(
      segments_of(image),
      testing::ElementsAre(FingerSegment{FingerPosition::left_index, 10, 20, 30, 40, Quality{57}},
                           FingerSegment{FingerPosition::left_middle, 2, 1, 7, 9, Quality{}}));
  EXPECT_THAT(missing_of(image),
              testing::ElementsAre(FingerPosition::right_thumb, FingerPosition::left_little));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    image.extended[1].data.assign(whole.begin(), whole.begin() + static_cast<long>(length));
    EXPECT_TRUE(segments_of(image).empty()) << "half a block says nothing: " << length;
  }
}

}  // namespace
}  // namespace whorl::formats
