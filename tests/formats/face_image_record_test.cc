#include "engine/formats/images/face_image_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <string>

#include "engine/base/limits.h"
#include "tests/support/face_image_files.h"

namespace whorl::formats {
namespace {

using test::random_face_image_record;

constexpr auto k2005 = FaceImageFormat::iso19794_5_2005;
constexpr auto k2011 = FaceImageFormat::iso19794_5_2011;

Bytes encoded(const FaceImageRecord& record) {
  auto bytes = encode_face_image_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

// One image with one landmark and five bytes of data.
FaceImageRecord small_record(FaceImageFormat format) {
  FaceImageRepresentation image;
  image.landmarks = {{1, 0x36, 10, 20, 0}};
  image.width_px = 30;
  image.height_px = 40;
  image.data.assign(5, std::byte{7});
  if (format == k2011) image.quality = {{80, 1, 2}};
  FaceImageRecord record;
  record.format = format;
  record.images = {image};
  return record;
}

class EveryFaceFormat : public testing::TestWithParam<FaceImageFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, EveryFaceFormat, testing::ValuesIn(kFaceImageFormats),
                         [](const auto& tested) {
                           return tested.param == k2005 ? "Iso2005" : "Iso2011";
                         });

TEST_P(EveryFaceFormat, GivesBackRandomRecords) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SeededRandom random(seed);
    const FaceImageRecord record = random_face_image_record(random, GetParam());
    const Bytes bytes = encoded(record);
    const auto decoded = decode_face_image_record(bytes);
    ASSERT_TRUE(decoded) << "seed " << seed << ": " << describe(decoded.error());
    ASSERT_TRUE(*decoded == record) << "seed " << seed;
    ASSERT_TRUE(encoded(*decoded) == bytes) << "seed " << seed;
  }
}

TEST_P(EveryFaceFormat, RefusesEveryPrefixAsTruncated) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SeededRandom random(seed);
    const Bytes bytes = encoded(random_face_image_record(random, GetParam()));
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      const auto decoded = decode_face_image_record(std::span(bytes).first(length));
      ASSERT_FALSE(decoded) << "seed " << seed << ", " << length << " bytes";
      ASSERT_EQ(decoded.error().fault, length == 0 ? Fault::empty_input : Fault::truncated)
          << "seed " << seed << ", " << length << " of " << bytes.size() << " bytes";
      ASSERT_EQ(decoded.error().offset, length);
    }
  }
}

TEST_P(EveryFaceFormat, RefusesBytesAfterTheRecord) {
  Bytes bytes = encoded(small_record(GetParam()));
  for (int extra = 1; extra <= 40; ++extra) {
    bytes.push_back(std::byte{0});
    const auto decoded = decode_face_image_record(bytes);
    ASSERT_FALSE(decoded) << extra << " more";
    ASSERT_EQ(decoded.error(), (Error{Fault::length_mismatch, 8, ""}));
  }
}

TEST_P(EveryFaceFormat, StandsEveryChangeOfOneByte) {
  SeededRandom random(7);
  const Bytes bytes = encoded(random_face_image_record(random, GetParam()));
  int accepted = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const unsigned flipped : {0x01U, 0x80U, 0xFFU}) {
      Bytes spoilt = bytes;
      spoilt[i] ^= static_cast<std::byte>(flipped);
      const auto decoded = decode_face_image_record(spoilt);
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

// Changes of one byte, each with its fault at its offset.
struct Spoilt {
  std::size_t offset;
  std::uint8_t value;
  Fault fault;
  std::size_t told_at;
};

void expect_refused(const FaceImageRecord& record, std::size_t length,
                    const std::vector<Spoilt>& table) {
  const Bytes bytes = encoded(record);
  ASSERT_EQ(bytes.size(), length);
  ASSERT_TRUE(decode_face_image_record(bytes));
  for (const Spoilt& row : table) {
    Bytes spoilt = bytes;
    spoilt.at(row.offset) = std::byte{row.value};
    const auto decoded = decode_face_image_record(spoilt);
    ASSERT_FALSE(decoded) << "byte " << row.offset;
    EXPECT_EQ(decoded.error().fault, row.fault)
        << "byte " << row.offset << ": " << describe(decoded.error());
    EXPECT_EQ(decoded.error().offset, row.told_at) << "byte " << row.offset;
  }
}

TEST(SpoiltFaceRecord2005, EachByteHasItsFault) {
  expect_refused(small_record(k2005), 59,
                 {
                     {0, 'X', Fault::bad_magic, 0},
                     {3, 1, Fault::bad_magic, 0},
                     {5, '2', Fault::unsupported, 4},  // "020", three dimensions
                     {7, 1, Fault::unsupported, 4},
                     {8, 0x11, Fault::limit_exceeded, 8},
                     {11, 58, Fault::length_mismatch, 8},
                     {11, 60, Fault::truncated, 59},
                     {12, 1, Fault::limit_exceeded, 12},  // images
                     {13, 0, Fault::out_of_range, 12},
                     {13, 2, Fault::truncated, 59},
                     {13, 129, Fault::limit_exceeded, 12},
                     {14, 1, Fault::truncated, 59},  // length of the image
                     {17, 39, Fault::length_mismatch, 14},
                     {17, 44, Fault::length_mismatch, 58},
                     {17, 46, Fault::truncated, 59},
                     {18, 1, Fault::truncated, 59},  // landmarks
                     {19, 2, Fault::truncated, 59},
                     {43, 2, Fault::out_of_range, 43},  // compression
                     {43, 255, Fault::out_of_range, 43},
                 });
}

TEST(SpoiltFaceRecord2011, EachByteHasItsFault) {
  expect_refused(
      small_record(k2011), 86,
      {
          {0, 'X', Fault::bad_magic, 0},        {5, '2', Fault::unsupported, 4},
          {8, 0x11, Fault::limit_exceeded, 8},  {11, 85, Fault::length_mismatch, 8},
          {11, 87, Fault::truncated, 86},       {12, 1, Fault::limit_exceeded, 12},  // images
          {13, 0, Fault::out_of_range, 12},     {13, 2, Fault::truncated, 86},
          {14, 2, Fault::out_of_range, 14},  // certified
          {14, 1, Fault::truncated, 86},     // two landmarks' bytes as certificates
          {17, 1, Fault::length_mismatch, 17},  {20, 68, Fault::length_mismatch, 17},
          {20, 70, Fault::length_mismatch, 17},  // no type with more behind it
          {36, 101, Fault::out_of_range, 36},    // quality
          {36, 253, Fault::out_of_range, 36},   {41, 1, Fault::truncated, 86},  // landmarks
          {67, 4, Fault::out_of_range, 67},                                     // compression
          {77, 1, Fault::truncated, 86},                                        // data
          {80, 4, Fault::length_mismatch, 17},  {80, 6, Fault::truncated, 86},
      });
}

// A picture of three dimensions says more behind the picture, and the rest must be there.
TEST(FaceRecord2011, KeepsWhatFollowsAPictureOfThreeDimensions) {
  FaceImageRecord record = small_record(k2011);
  record.images[0].type = FaceImageType::full_frontal_3d;
  record.images[0].three_d.assign(9, std::byte{3});
  const Bytes bytes = encoded(record);
  const auto decoded = decode_face_image_record(bytes);
  ASSERT_TRUE(decoded) << describe(decoded.error());
  EXPECT_TRUE(*decoded == record);
  Bytes longer = bytes;
  longer.at(20) = std::byte{79};  // of 78
  const auto refused = decode_face_image_record(longer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), (Error{Fault::truncated, bytes.size(), ""}));
}

// What is said of the person is no reason to refuse the picture.
TEST_P(EveryFaceFormat, KeepsCodesThatItDoesNotKnow) {
  FaceImageRecord record = small_record(GetParam());
  FaceImageRepresentation& image = record.images[0];
  image.gender = static_cast<Gender>(9);
  image.eye_colour = static_cast<EyeColour>(99);
  image.hair_colour = static_cast<HairColour>(100);
  image.expression = 0x8001;
  image.pose = {200, 182, 255};
  image.type = static_cast<FaceImageType>(77);
  image.colour_space = static_cast<ColourSpace>(200);
  image.source = static_cast<FaceSource>(0x80);  // a vendor's
  image.landmarks[0].type = 9;
  image.landmarks[0].z = 1;
  const auto decoded = decode_face_image_record(encoded(record));
  ASSERT_TRUE(decoded) << describe(decoded.error());
  EXPECT_TRUE(*decoded == record);
  const FaceImage face = description_of(decoded->images[0]);
  EXPECT_EQ(face.sex, Sex::not_recorded);
  EXPECT_EQ(face.pose, HeadPose{});
}

struct Refusal {
  const char* what;
  FaceImageFormat format;
  std::function<void(FaceImageRecord&)> spoil;
  Fault fault;
};

TEST(FaceRecordEncoder, RefusesWhatTheFormCannotHold) {
  using Record = FaceImageRecord&;
  const auto image = [](auto change) {
    return [change](Record record) { change(record.images[0]); };
  };
  using Image = FaceImageRepresentation&;
  constexpr auto kRange = Fault::out_of_range;
  const Refusal table[] = {
      {"no image", k2005, [](Record r) { r.images.clear(); }, kRange},
      {"no image", k2011, [](Record r) { r.images.clear(); }, kRange},
      {"too many", k2005, [](Record r) { r.images.resize(129, r.images[0]); },
       Fault::limit_exceeded},
      {"a flag of 2011", k2005, [](Record r) { r.certified = true; }, kRange},
      {"a sequence", k2005, [](Record r) { r.temporal_semantics = 1; }, kRange},
      {"a time", k2005, image([](Image i) { i.captured.year = 2024; }), kRange},
      {"a vendor", k2005, image([](Image i) { i.device_vendor = 1; }), kRange},
      {"a score", k2005, image([](Image i) { i.quality.resize(1); }), kRange},
      {"certificates", k2005, image([](Image i) { i.certificates.resize(1); }), kRange},
      {"a height", k2005, image([](Image i) { i.subject_height_cm = 180; }), kRange},
      {"a level", k2005, image([](Image i) { i.sampling_level = 1; }), kRange},
      {"processing", k2005, image([](Image i) { i.post_processing = 1; }), kRange},
      {"a reference", k2005, image([](Image i) { i.cross_reference = 1; }), kRange},
      {"a third dimension", k2005, image([](Image i) { i.three_d.resize(1); }), kRange},
      {"a third dimension of two", k2011, image([](Image i) { i.three_d.resize(1); }), kRange},
      {"png", k2005, image([](Image i) { i.compression = FaceCompression::png; }), kRange},
      {"an old score", k2011, image([](Image i) { i.quality_code = 1; }), kRange},
      {"unannounced certificates", k2011, image([](Image i) { i.certificates.resize(1); }), kRange},
      {"a score", k2011, image([](Image i) { i.quality.resize(1), i.quality[0].score = 101; }),
       kRange},
      {"scores", k2011, image([](Image i) { i.quality.resize(256); }), Fault::limit_exceeded},
      {"landmarks", k2011, image([](Image i) { i.landmarks.resize(65536); }),
       Fault::limit_exceeded},
      {"features", k2005, image([](Image i) { i.features.mask = 1U << 24U; }), kRange},
  };
  for (const Refusal& row : table) {
    FaceImageRecord record = small_record(row.format);
    ASSERT_TRUE(encode_face_image_record(record));
    row.spoil(record);
    const auto refused = encode_face_image_record(record);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error().fault, row.fault) << row.what << ": " << describe(refused.error());
  }
}

TEST(FacePose, CodesAreStepsOfTwoDegrees) {
  struct Row {
    std::uint8_t code;
    std::optional<int> degrees;
  };
  for (const Row& row : {Row{0, std::nullopt}, Row{1, 0}, Row{2, 2}, Row{91, 180}, Row{92, -178},
                         Row{180, -2}, Row{181, 0}, Row{182, std::nullopt}, Row{255, {}}}) {
    EXPECT_EQ(angle_of(row.code), row.degrees) << int{row.code};
  }
  for (int degrees = -180; degrees <= 180; ++degrees) {
    const auto back = angle_of(angle_code(degrees));
    ASSERT_TRUE(back);
    const int off = std::abs(*back - degrees);
    EXPECT_LE(std::min(off, 360 - off), 1) << degrees << " became " << *back;
  }
  EXPECT_EQ(uncertainty_of(0), std::nullopt);
  EXPECT_EQ(uncertainty_of(1), 0);
  EXPECT_EQ(uncertainty_of(181), 180);
  EXPECT_EQ(uncertainty_of(182), std::nullopt);
}

TEST(FaceFeatures, SayNothingWhereNobodyLooked) {
  const FaceFeatures unseen{static_cast<std::uint32_t>(FaceFeature::glasses)};
  EXPECT_FALSE(unseen.has(FaceFeature::glasses));
  const FaceFeatures seen{unseen.mask | 1U};
  EXPECT_TRUE(seen.has(FaceFeature::glasses));
  EXPECT_FALSE(seen.has(FaceFeature::beard));
}

}  // namespace
}  // namespace whorl::formats
