#include "engine/formats/images/finger_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "engine/base/limits.h"
#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/recorded_picture.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

using test::binary_record;
using test::tagged_record;
using test::TagWidth;
using test::tiff_file;
using test::transaction;
using test::type14_fields;
using testing::ElementsAre;

constexpr auto kWide = TagWidth::three_digits;

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

// 4 x 3, from black to 220.
Bytes pixels() {
  Bytes bytes(12);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(20 * i);
  return bytes;
}
const std::vector<std::uint8_t> kSamples = {0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220};
Bytes picture() { return tiff_file(4, 3, 8, pixels()); }

FingerImageRecord record_of(FingerImageFormat format, ImageCompression compression,
                            const Bytes& data) {
  FingerImageRepresentation image;
  image.position = RidgePosition{7};
  image.quality = {QualityRecord{64}};
  image.coding.compression = compression;
  image.width_px = 4;
  image.height_px = 3;
  image.data = data;
  FingerImageRecord record;
  record.format = format;
  record.images = {image};
  return record;
}

Bytes encoded(const FingerImageRecord& record) {
  auto bytes = encode_finger_image_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

std::vector<FingerImage> read(const Bytes& bytes) {
  auto fingers = read_finger_images(bytes);
  EXPECT_TRUE(fingers) << describe(fingers.error());
  return fingers.value_or(std::vector<FingerImage>{});
}

Error error_of(const Bytes& bytes) {
  const auto fingers = read_finger_images(bytes);
  EXPECT_FALSE(fingers);
  return fingers ? Error{} : fingers.error();
}

class PicturesOfEveryFormat : public testing::TestWithParam<FingerImageFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, PicturesOfEveryFormat, testing::ValuesIn(kFingerImageFormats));

TEST_P(PicturesOfEveryFormat, RawAndCompressedPicturesAreTheSame) {
  for (const auto& [compression, data] :
       {std::pair(ImageCompression::none, pixels()), std::pair(ImageCompression::packed, pixels()),
        std::pair(ImageCompression::wsq, picture()),  // its first bytes are believed
        std::pair(ImageCompression::png, picture())}) {
    const auto fingers = read(encoded(record_of(GetParam(), compression, data)));
    ASSERT_EQ(fingers.size(), 1U);
    EXPECT_EQ(fingers[0].area, CapturedArea::left_index);
    EXPECT_EQ(fingers[0].impression, Impression::live_plain);
    EXPECT_EQ(fingers[0].quality, Quality{64});
    EXPECT_EQ(fingers[0].image, (Image{4, 3, 1, PixelsPerInch{500}, kSamples}));
  }
}

TEST_P(PicturesOfEveryFormat, RefusesPicturesThatAreNotWhatTheHeaderSays) {
  struct Row {
    const char* what;
    ImageCompression compression;
    Bytes data;
    Fault fault;
  };
  const Bytes other_size = tiff_file(3, 4, 8, pixels());
  const Row table[] = {
      {"a pixel short", ImageCompression::none, Bytes(11), Fault::length_mismatch},
      {"a pixel long", ImageCompression::none, Bytes(13), Fault::length_mismatch},
      {"none", ImageCompression::packed, Bytes(), Fault::length_mismatch},
      {"a compressed one", ImageCompression::none, picture(), Fault::length_mismatch},
      {"another size", ImageCompression::png, other_size, Fault::length_mismatch},
      {"no picture", ImageCompression::png, pixels(), Fault::bad_magic},
      {"nothing", ImageCompression::png, Bytes(), Fault::length_mismatch},
      {"no picture of records", ImageCompression::png, bytes_of({'P', '5', ' ', '1'}),
       Fault::bad_magic},
  };
  for (const Row& row : table) {
    FingerImageRecord record = record_of(GetParam(), ImageCompression::none, pixels());
    record.images[0].coding.compression = row.compression;
    record.images.push_back(record.images[0]);
    record.images[0].data = row.compression == ImageCompression::none ? pixels() : picture();
    if (row.compression == ImageCompression::packed) record.images[0].data = pixels();
    record.images[1].data = row.data;
    if (GetParam() == FingerImageFormat::iso19794_4_2011)
      record.images[0].extended = {{3, Bytes(5)}};
    const Bytes bytes = encoded(record);
    const Error error = error_of(bytes);
    EXPECT_EQ(error.fault, row.fault) << row.what;
    EXPECT_EQ(error.where, "image 2") << row.what;
    EXPECT_EQ(error.offset, bytes.size() - row.data.size()) << row.what << ": where its data begin";
  }
}

TEST_P(PicturesOfEveryFormat, FaultsInsideAPictureAreToldAtTheRecordsByte) {
  Bytes cut = picture();
  cut.resize(6);
  const Bytes bytes = encoded(record_of(GetParam(), ImageCompression::png, cut));
  const Error error = error_of(bytes);
  EXPECT_EQ(error.fault, read_image(cut).error().fault);
  EXPECT_EQ(error.offset, read_image(cut).error().offset + bytes.size() - cut.size());
}

TEST_P(PicturesOfEveryFormat, APicturesOwnResolutionCountsWhereItsRecordSaysNone) {
  const Bytes at_300_ppi = tiff_file(4, 3, 8, pixels(), true);
  EXPECT_EQ(read(at_300_ppi).at(0).image.ppi, PixelsPerInch{300});
  FingerImageRecord record = record_of(GetParam(), ImageCompression::png, at_300_ppi);
  EXPECT_EQ(read(encoded(record)).at(0).image.ppi, PixelsPerInch{500});
  record.images[0].coding.image_x = 0;
  EXPECT_EQ(read(encoded(record)).at(0).image.ppi, PixelsPerInch{300});
}

TEST_P(PicturesOfEveryFormat, ResolutionsAreTheRecordsOwn) {
  struct Row {
    ScaleUnits units;
    std::uint16_t x, y;
    double ppi;
  };
  const Row table[] = {
      {ScaleUnits::per_inch, 500, 500, 500}, {ScaleUnits::per_cm, 197, 197, 500},
      {ScaleUnits::per_cm, 196, 197, 500},   {ScaleUnits::per_cm, 394, 394, 1000},
      {ScaleUnits::per_inch, 569, 569, 569}, {ScaleUnits::per_inch, 0, 0, 0},
  };
  for (const Row& row : table) {
    FingerImageRecord record = record_of(GetParam(), ImageCompression::none, pixels());
    record.images[0].coding.units = row.units;
    record.images[0].coding.image_x = row.x;
    record.images[0].coding.image_y = row.y;
    record.images[0].coding.scan_x = 1000;  // what it was scanned at is gone
    const auto fingers = read(encoded(record));
    ASSERT_EQ(fingers.size(), 1U);
    EXPECT_EQ(fingers[0].image.ppi.value_or(PixelsPerInch{0}), PixelsPerInch{row.ppi}) << row.x;
  }
  FingerImageRecord oblong = record_of(GetParam(), ImageCompression::none, pixels());
  oblong.images[0].coding.image_y = 400;
  EXPECT_EQ(error_of(encoded(oblong)).fault, Fault::bad_resolution);
}

TEST(FingerImages, CodesOfARecordThatMeanSomethingElse) {
  FingerImageRecord record =
      record_of(FingerImageFormat::iso19794_4_2005, ImageCompression::none, pixels());
  record.images[0].impression = static_cast<Impression>(9);
  record.images[0].quality = {QualityRecord{254}};
  const auto fingers = read(encoded(record));
  EXPECT_EQ(fingers.at(0).impression, Impression::contactless_plain);
  EXPECT_EQ(fingers.at(0).quality, Quality{}) << "254 is \"not reported\"";
  record.format = FingerImageFormat::iso19794_4_2011;
  EXPECT_EQ(read(encoded(record)).at(0).impression, Impression::vertical_roll);
}

TEST(FingerImages, PalmsArePassedOver) {
  FingerImageRecord record =
      record_of(FingerImageFormat::iso19794_4_2011, ImageCompression::none, pixels());
  record.images.push_back(record.images[0]);
  record.images[0].position = RidgePosition{21};
  record.images[0].data.clear();  // not even looked at
  record.images[1].position = RidgePosition{48};
  const auto fingers = read(encoded(record));
  ASSERT_EQ(fingers.size(), 1U);
  EXPECT_EQ(fingers[0].area, CapturedArea::right_middle_ring_little);
  record.images.pop_back();
  EXPECT_EQ(error_of(encoded(record)).fault, Fault::not_found);
}

// 3 x 2 pixels at byte 77 of a record.
RecordedPicture raw_picture(SampleCoding coding, const Bytes& data) {
  RecordedPicture raw;
  raw.coding = coding;
  raw.width_px = 3;
  raw.height_px = 2;
  raw.data = data;
  raw.offset = 77;
  return raw;
}

struct Raw {
  const char* what;
  SampleCoding coding;
  int depth_bits;
  bool zero_is_white;
  Bytes data;
  std::vector<std::uint8_t> samples;  // of 3 x 2 pixels
};

TEST(RawPictures, OfEveryDepthAreBroughtTo8Bits) {
  constexpr auto kBytes = SampleCoding::whole_bytes, kPacked = SampleCoding::packed;
  const Raw table[] = {
      {"8", kBytes, 8, false, bytes_of({0, 1, 2, 253, 254, 255}), {0, 1, 2, 253, 254, 255}},
      {"1 in a byte", kBytes, 1, false, bytes_of({0, 1, 0, 1, 1, 0}), {0, 255, 0, 255, 255, 0}},
      {"4 in a byte", kBytes, 4, false, bytes_of({0, 1, 2, 3, 8, 15}), {0, 17, 34, 51, 136, 255}},
      {"12 in two",
       kBytes,
       12,
       false,
       bytes_of({0, 0, 0, 16, 8, 0, 15, 255, 0, 0, 4, 0}),
       {0, 1, 128, 255, 0, 64}},
      {"16 in two",
       kBytes,
       16,
       false,
       bytes_of({0, 0, 0, 128, 0, 129, 255, 255, 128, 0, 1, 1}),
       {0, 0, 1, 255, 128, 1}},
      {"1 packed, rows apart",
       kPacked,
       1,
       false,
       bytes_of({0xA0, 0x60}),
       {255, 0, 255, 0, 255, 255}},
      {"1 packed, rows together", kPacked, 1, false, bytes_of({0xAC}), {255, 0, 255, 0, 255, 255}},
      {"1 packed, 0 white", kPacked, 1, true, bytes_of({0xA0, 0x60}), {0, 255, 0, 255, 0, 0}},
      {"4 packed, rows apart",
       kPacked,
       4,
       false,
       bytes_of({0x01, 0x20, 0x38, 0xF0}),
       {0, 17, 34, 51, 136, 255}},
      {"4 packed, rows together",
       kPacked,
       4,
       false,
       bytes_of({0x01, 0x23, 0x8F}),
       {0, 17, 34, 51, 136, 255}},
      {"12 packed, rows together",
       kPacked,
       12,
       false,
       bytes_of({0x00, 0x00, 0x10, 0x80, 0x0F, 0xFF, 0x00, 0x04, 0x00}),
       {0, 1, 128, 255, 0, 64}},
      {"8 packed", kPacked, 8, false, bytes_of({0, 1, 2, 253, 254, 255}), {0, 1, 2, 253, 254, 255}},
  };
  for (const Raw& row : table) {
    RecordedPicture raw = raw_picture(row.coding, row.data);
    raw.depth_bits = row.depth_bits;
    raw.zero_is_white = row.zero_is_white;
    const auto image = decode_picture(raw);
    ASSERT_TRUE(image) << row.what << ": " << describe(image.error());
    EXPECT_EQ(image->samples, row.samples) << row.what;
    const Bytes longer(row.data.size() + 9);
    raw.data = longer;
    const auto refused = decode_picture(raw);
    ASSERT_FALSE(refused) << row.what;
    EXPECT_EQ(refused.error(), (Error{Fault::length_mismatch, 77, ""})) << row.what;
  }
}

TEST(RawPictures, RefuseWhatTheyCannotBe) {
  const Bytes data(6, std::byte{16});
  RecordedPicture raw = raw_picture(SampleCoding::whole_bytes, data);
  const auto fault_of = [&raw](int width, int height, int depth) {
    raw.width_px = width, raw.height_px = height, raw.depth_bits = depth;
    const auto image = decode_picture(raw);
    return image ? Fault{} : image.error().fault;
  };
  EXPECT_EQ(fault_of(3, 2, 5), Fault{}) << "16 of 31";
  EXPECT_EQ(fault_of(3, 2, 4), Fault::out_of_range) << "16 of 15";
  EXPECT_EQ(fault_of(3, 2, 0), Fault::out_of_range);
  EXPECT_EQ(fault_of(3, 2, 17), Fault::out_of_range);
  EXPECT_EQ(fault_of(1, 2, 24), Fault{}) << "red, green, blue";
  EXPECT_EQ(fault_of(0, 2, 8), Fault::out_of_range);
  EXPECT_EQ(fault_of(-3, 2, 8), Fault::out_of_range);
  EXPECT_EQ(fault_of(kMaxImageSidePx + 1, 1, 8), Fault::limit_exceeded);
  EXPECT_EQ(fault_of(kMaxImageSidePx, kMaxImageSidePx, 8), Fault::limit_exceeded);
}

TEST(FingerImages, ATransactionsPicturesComeInItsOrder) {
  const Bytes bilevel = bytes_of({0x50, 0x60, 0xF0});
  const Bytes bytes = transaction(
      {tagged_record(2, {{2, "00"}}, kWide), binary_record(4, {.positions = {1}}, pixels()),
       binary_record(3, {.positions = {2}, .impression = 3}, pixels()),
       binary_record(6, {.positions = {3}}, bilevel),
       binary_record(5, {.positions = {4}}, tiff_file(4, 3, 1, bilevel)),
       binary_record(4, {.positions = {14}, .compression = 1}, picture()),
       tagged_record(14, type14_fields(15, 4, 3, "PNG"), kWide, picture()),
       tagged_record(14, type14_fields(9, 400, 300, "WSQ"), kWide, picture())});
  const auto fingers = read(bytes);
  ASSERT_EQ(fingers.size(), 7U);
  const std::vector<std::uint8_t> two_levels = {255, 0, 255, 0, 255, 0, 0, 255, 0, 0, 0, 0};
  EXPECT_EQ(fingers[0].image, (Image{4, 3, 1, PixelsPerInch{500}, kSamples}));
  EXPECT_EQ(fingers[1].image, (Image{4, 3, 1, PixelsPerInch{250}, kSamples}));
  EXPECT_EQ(fingers[1].impression, Impression::nonlive_rolled);
  EXPECT_EQ(fingers[2].image, (Image{4, 3, 1, PixelsPerInch{500}, two_levels}));
  EXPECT_EQ(fingers[3].image, (Image{4, 3, 1, PixelsPerInch{250}, two_levels}));
  EXPECT_EQ(fingers[4].area, CapturedArea::plain_left_four);
  EXPECT_TRUE(shows_several_fingers(fingers[4].area));
  EXPECT_EQ(fingers[5].area, CapturedArea::plain_thumbs);
  EXPECT_EQ(fingers[6].area, CapturedArea::left_ring);
  for (const std::size_t i : {4U, 5U, 6U}) EXPECT_EQ(fingers[i].image.samples, kSamples) << i;
}

TEST(FingerImages, SegmentsAreCutToTheirPicture) {
  auto fields = type14_fields(13, 4, 3, "NONE");
  fields.emplace_back(21, "2|1|9|0|8^3|4|6|0|2^4|2|2|0|3^5|0|4|1|3");
  const auto fingers = read(transaction({tagged_record(14, fields, kWide, pixels())}));
  EXPECT_THAT(fingers.at(0).segments,
              ElementsAre(FingerSegment{FingerPosition::right_index, 1, 0, 4, 3, {}},
                          FingerSegment{FingerPosition::right_little, 0, 1, 4, 3, {}}));
}

TEST(FingerImages, FaultsOfATransactionNameTheRecord) {
  const auto good = binary_record(4, {}, pixels());
  const Bytes other_size =
      transaction({good, binary_record(4, {.compression = 1}, picture()),
                   binary_record(4, {.width_px = 5, .compression = 1}, picture())});
  EXPECT_EQ(error_of(other_size),
            (Error{Fault::length_mismatch, other_size.size() - picture().size(), "record 4"}));
  const Bytes short_one = transaction({good, binary_record(4, {}, Bytes(11))});
  EXPECT_EQ(error_of(short_one),
            (Error{Fault::length_mismatch, short_one.size() - 11, "record 3"}));
  EXPECT_EQ(error_of(transaction({tagged_record(2, {{2, "00"}}, kWide)})).fault, Fault::not_found);
}

TEST(FingerImages, ABarePictureShowsNobodyKnowsWhat) {
  const auto fingers = read(picture());
  ASSERT_EQ(fingers.size(), 1U);
  EXPECT_EQ(fingers[0], (FingerImage{Image{4, 3, 1, std::nullopt, kSamples},
                                     CapturedArea::unknown,
                                     Impression::unknown,
                                     Quality{},
                                     {},
                                     {}}));
  EXPECT_EQ(error_of({}).fault, Fault::empty_input);
  EXPECT_EQ(error_of(Bytes(40, std::byte{'x'})).fault, Fault::bad_magic);
  EXPECT_EQ(error_of(bytes_of({'F', 'M', 'R', 0})).fault, Fault::bad_magic);
  EXPECT_EQ(error_of(bytes_of({'F', 'I'})), (Error{Fault::truncated, 2, ""}));
  EXPECT_EQ(error_of(bytes_of({'1', '.', '0'})).fault, Fault::truncated);
}

TEST(FingerImages, AreasAreFingersOrSeveral) {
  EXPECT_EQ(finger_of(CapturedArea::unknown), FingerPosition::unknown);
  EXPECT_EQ(finger_of(CapturedArea::left_little), FingerPosition::left_little);
  EXPECT_EQ(finger_of(CapturedArea::plain_right_thumb), FingerPosition::right_thumb);
  EXPECT_EQ(finger_of(CapturedArea::plain_left_thumb), FingerPosition::left_thumb);
  EXPECT_EQ(finger_of(CapturedArea::plain_right_four), FingerPosition::unknown);
  EXPECT_EQ(finger_of(CapturedArea::both_indexes), FingerPosition::unknown);
  EXPECT_FALSE(shows_several_fingers(CapturedArea::plain_left_thumb));
  EXPECT_TRUE(shows_several_fingers(CapturedArea::both_indexes));
}

// Four pictures of 8192 x 8192 pixels, one bit each: 32 MiB that would fill 256 MiB.
TEST(FingerImages, PicturesTogetherMustFitIntoMemory) {
  FingerImageRecord record =
      record_of(FingerImageFormat::iso19794_4_2011, ImageCompression::packed, {});
  FingerImageRepresentation& image = record.images[0];
  image.width_px = image.height_px = 8192;
  image.coding.depth_bits = 1;
  image.data.resize(8192 / 8 * 8192);
  record.images.resize(4, image);
  const Error error = error_of(encoded(record));
  EXPECT_EQ(error.fault, Fault::limit_exceeded);
  EXPECT_EQ(error.where, "image 4");
}

}  // namespace
}  // namespace whorl::formats
