#include "engine/formats/images/face_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/base/limits.h"
#include "engine/formats/images/face_image_record.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/write_image.h"
#include "tests/support/encode_images.h"
#include "tests/support/face_image_files.h"
#include "tests/support/finger_image_files.h"

namespace whorl::formats {
namespace {

using test::bytes_of;
using test::data_group_2;
using test::tagged_record;
using test::transaction;
using testing::ElementsAre;

constexpr auto kWide = test::TagWidth::three_digits;
constexpr int kWidthPx = 24, kHeightPx = 32;

Bytes jpeg() { return test::encode_jpeg(test::soft_samples(kWidthPx, kHeightPx, 3)); }
Bytes jpeg2000() { return test::encode_jpeg2000(test::soft_samples(kWidthPx, kHeightPx, 3)); }
Bytes png() {
  test::PngOptions options;
  options.colour_type = 2;
  return test::encode_png(test::soft_samples(kWidthPx, kHeightPx, 3), options);
}

FaceImageRecord record_of(FaceImageFormat format, const Bytes& picture) {
  FaceImageRepresentation image;
  image.gender = Gender::female;
  image.eye_colour = EyeColour::green;
  image.hair_colour = HairColour::red;
  image.features.mask = 0x203;
  image.expression = 1;
  image.pose = {angle_code(10), angle_code(-4), 0};
  image.pose_uncertainty = {4, 1, 0};
  image.landmarks = {{1, 0x36, 11, 12, 0}, {1, 0x35, 24, 12, 0}, {1, 0x93, 23, 31, 0}};
  image.type = FaceImageType::token_frontal;
  image.width_px = kWidthPx;
  image.height_px = kHeightPx;
  image.source = FaceSource::photograph_by_scanner;
  image.data = picture;
  FaceImageRecord record;
  record.format = format;
  record.images = {image};
  return record;
}

Bytes encoded(const FaceImageRecord& record) {
  auto bytes = encode_face_image_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes{});
}

std::vector<FaceImage> read(const Bytes& bytes) {
  auto faces = read_face_images(bytes);
  EXPECT_TRUE(faces) << describe(faces.error());
  return faces.value_or(std::vector<FaceImage>{});
}

FaceImage read_one(const Bytes& bytes) {
  auto faces = read(bytes);
  EXPECT_EQ(faces.size(), 1U);
  return faces.empty() ? FaceImage{} : faces.front();
}

Error error_of(const Bytes& bytes) {
  const auto faces = read_face_images(bytes);
  EXPECT_FALSE(faces);
  return faces ? Error{} : faces.error();
}

class FacesOfEveryFormat : public testing::TestWithParam<FaceImageFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, FacesOfEveryFormat, testing::ValuesIn(kFaceImageFormats));

TEST_P(FacesOfEveryFormat, PicturesAreTheirOwn) {
  for (const Bytes& picture : {jpeg(), jpeg2000(), png()}) {
    const FaceImage face = read_one(encoded(record_of(GetParam(), picture)));
    EXPECT_EQ(face.image, read_image(picture));
    EXPECT_EQ(face.image.width_px, kWidthPx);
  }
}

TEST_P(FacesOfEveryFormat, SaysWhatItsRecordSays) {
  FaceImageRecord record = record_of(GetParam(), jpeg());
  if (GetParam() == FaceImageFormat::iso19794_5_2011) {
    record.images[0].quality = {{66, 1, 2}, {7, 1, 2}};
    record.images[0].captured.year = 2021;
  }
  FaceImage face = read_one(encoded(record));
  EXPECT_EQ(face.type, FaceImageType::token_frontal);
  EXPECT_EQ(face.sex, Sex::female);
  EXPECT_EQ(face.eye_colour, EyeColour::green);
  EXPECT_EQ(face.hair_colour, HairColour::red);
  EXPECT_TRUE(face.features.has(FaceFeature::glasses));
  EXPECT_TRUE(face.features.has(FaceFeature::dark_glasses));
  EXPECT_FALSE(face.features.has(FaceFeature::beard));
  EXPECT_EQ(face.expression, 1);
  EXPECT_EQ(face.pose, (HeadPose{{10, 3}, {-4, 0}, {std::nullopt, std::nullopt}}));
  EXPECT_EQ(face.source, FaceSource::photograph_by_scanner);
  const bool of_2011 = GetParam() == FaceImageFormat::iso19794_5_2011;
  EXPECT_EQ(face.quality, of_2011 ? Quality{66} : Quality{});
  EXPECT_EQ(face.captured.year, of_2011 ? 2021 : 0xFFFF);
  // The second lies beside the picture.
  EXPECT_THAT(face.landmarks,
              ElementsAre(FaceLandmark{1, 0x36, 11, 12, 0}, FaceLandmark{1, 0x93, 23, 31, 0}));
}

// The picture counts; landmarks of another size are another picture's.
TEST_P(FacesOfEveryFormat, MayCallThePictureAnotherSize) {
  for (const auto& [width_px, height_px] : {std::pair{0, 0}, {kWidthPx, 0}, {640, 480}}) {
    FaceImageRecord record = record_of(GetParam(), jpeg());
    record.images[0].width_px = static_cast<std::uint16_t>(width_px);
    record.images[0].height_px = static_cast<std::uint16_t>(height_px);
    const FaceImage face = read_one(encoded(record));
    EXPECT_EQ(face.image.height_px, kHeightPx);
    EXPECT_TRUE(face.landmarks.empty());
  }
}

TEST_P(FacesOfEveryFormat, FaultsNameTheImageAndTheByteInTheFile) {
  FaceImageRecord record = record_of(GetParam(), jpeg());
  record.images.push_back(record.images[0]);
  const std::size_t second_ends = encoded(record).size();
  record.images[1].data.resize(record.images[1].data.size() - 30);
  EXPECT_EQ(error_of(encoded(record)), (Error{Fault::truncated, second_ends - 30, "image 2"}));
  record.images[0].data = bytes_of({'B', 'M', 'P'});
  const std::size_t at = GetParam() == FaceImageFormat::iso19794_5_2005 ? 14 + 32 : 17 + 51;
  EXPECT_EQ(error_of(encoded(record)), (Error{Fault::bad_magic, at + 24, "image 1"}));
  record.images[0].data.clear();
  EXPECT_EQ(error_of(encoded(record)), (Error{Fault::length_mismatch, at + 24, "image 1"}));
}

// As a camera's own application stores it.
Bytes sideways_jpeg() {
  test::JpegOptions options;
  ByteWriter exif;
  exif.text(std::string_view("Exif\0\0MM", 8));
  exif.u16(42), exif.u32(8), exif.u16(1);
  exif.u16(0x0112), exif.u16(3), exif.u32(1), exif.u16(6), exif.u16(0);
  options.exif = exif.take();
  return test::encode_jpeg(test::soft_samples(kWidthPx, kHeightPx, 3), options);
}

TEST_P(FacesOfEveryFormat, ComeOutUpright) {
  const FaceImage face = read_one(encoded(record_of(GetParam(), sideways_jpeg())));
  EXPECT_EQ(face.image.width_px, kHeightPx);
  EXPECT_EQ(face.image.height_px, kWidthPx);
  EXPECT_TRUE(face.landmarks.empty());
}

TEST(BareFaces, ArePicturesAndNoMore) {
  for (const Bytes& picture : {jpeg(), jpeg2000(), png()}) {
    FaceImage expected;
    expected.image = *read_image(picture);
    EXPECT_EQ(read_one(picture), expected);
  }
  EXPECT_EQ(read_one(sideways_jpeg()).image.width_px, kHeightPx);
}

// Changed in two bytes, a stream of YCCK is one of CMYK: its brightness is cyan, and what were the
// differences of colour are magenta and yellow in the middle.
TEST(BareFaces, InksOfBothKindsBecomeColours) {
  constexpr int kLuma = 200, kKey = 100, kMiddle = 128;
  const test::Samples samples{8, 8, 4, 8, [] {
                                std::vector<std::uint16_t> values;
                                for (int i = 0; i < 64; ++i) {
                                  for (int c = 0; c < 3; ++c) values.push_back(255 - kLuma);
                                  values.push_back(kKey);
                                }
                                return values;
                              }()};
  const auto expect_pixel = [](const Bytes& bytes, double red, double green, double blue) {
    const FaceImage face = read_one(bytes);
    ASSERT_EQ(face.image.channels, 3);
    EXPECT_NEAR(face.image.samples[0], red, 3);
    EXPECT_NEAR(face.image.samples[1], green, 3);
    EXPECT_NEAR(face.image.samples[2], blue, 3);
  };
  test::JpegOptions options;
  options.quality = 100;
  Bytes bytes = test::encode_jpeg(samples, options);
  const auto light = [](int a, int b) { return a * b / 255.0; };
  const double grey = light(255 - kLuma, kKey);
  expect_pixel(bytes, grey, grey, grey);
  const auto adobe =
      std::search(bytes.begin(), bytes.end(), as_bytes("Adobe").begin(), as_bytes("Adobe").end());
  ASSERT_NE(adobe, bytes.end());
  adobe[11] = std::byte{0};  // no transform
  const double other = light(kMiddle, kKey);
  expect_pixel(bytes, light(kLuma, kKey), other, other);
  adobe[0] = std::byte{'a'};  // nobody's marker: ink, not light
  const double ink = light(255 - kMiddle, 255 - kKey);
  expect_pixel(bytes, light(255 - kLuma, 255 - kKey), ink, ink);
}

TEST(BareFaces, AlphaOfSixteenBitsIsLaidOnWhite) {
  for (const int colours : {1, 3}) {
    SeededRandom random(3);
    const test::Samples samples = test::random_samples(random, 9, 7, colours + 1, 16);
    test::PngOptions options;
    options.colour_type = colours == 1 ? 4 : 6;
    const FaceImage face = read_one(test::encode_png(samples, options));
    ASSERT_EQ(face.image.channels, colours);
    for (int y = 0; y < 7; ++y) {
      for (int x = 0; x < 9; ++x) {
        const double alpha = samples.at(x, y, colours) / 65535.0;
        const double expected = 255 * (1 - alpha) + samples.at(x, y, 0) / 257.0 * alpha;
        const auto at = static_cast<std::size_t>((y * 9 + x) * colours);
        EXPECT_NEAR(face.image.samples[at], expected, 1.5);
      }
    }
  }
}

TEST(BareFaces, InksOfJpeg2000AreRefusedByName) {
  EXPECT_EQ(error_of(test::encode_jpeg2000(test::soft_samples(8, 8, 4))).fault, Fault::unsupported);
}

// --- Chips

TEST(ChipFaces, AreReadThroughTheirWrapper) {
  const Bytes one = encoded(record_of(FaceImageFormat::iso19794_5_2005, jpeg()));
  const Bytes other = encoded(record_of(FaceImageFormat::iso19794_5_2011, jpeg2000()));
  Bytes file = data_group_2({one, other});
  file.resize(file.size() + 100);
  const auto faces = read(file);
  ASSERT_EQ(faces.size(), 2U);
  EXPECT_EQ(faces[0].image, read_image(jpeg()));
  EXPECT_EQ(faces[1].image, read_image(jpeg2000()));
  EXPECT_EQ(faces[0].eye_colour, EyeColour::green);
  EXPECT_EQ(faces[0].captured, (CaptureTime{2024, 2, 29, 12, 0, 0, 0xFFFF}));
}

TEST(ChipFaces, TimeOfCaptureBeatsThatOfTheChip) {
  FaceImageRecord record = record_of(FaceImageFormat::iso19794_5_2011, jpeg());
  record.images[0].captured.year = 2019;
  EXPECT_EQ(read_one(data_group_2({encoded(record)})).captured.year, 2019);
}

TEST(ChipFaces, FaultsNameTheFaceAndTheByteInTheFile) {
  const Bytes good = encoded(record_of(FaceImageFormat::iso19794_5_2005, jpeg()));
  Bytes cut = good;
  cut.pop_back();
  const Bytes file = data_group_2({good, cut});
  EXPECT_EQ(error_of(file), (Error{Fault::truncated, file.size(), "face 2"}));
  const Bytes next_generation = bytes_of({0xA1, 3, 0x80, 1, 3});
  const Bytes newer = data_group_2({next_generation});
  EXPECT_EQ(error_of(newer), (Error{Fault::unsupported, newer.size() - 5, "face 1"}));
  EXPECT_EQ(error_of(data_group_2({Bytes{}})).fault, Fault::empty_input);
}

// --- Transactions

test::FieldTexts type10_fields(const std::string& compression) {
  return {{2, "01"},
          {3, "FACE"},
          {4, "TEST"},
          {5, "20240229"},
          {6, "24"},
          {7, "32"},
          {8, "1"},
          {9, "300"},
          {10, "300"},
          {11, compression},
          {12, "SRGB"},
          {20, "A"},
          {21, "-30"},
          {24, "49|2AF3|2345"},
          {27, "HAZ"},
          {28, "BLN"},
          {29, "1|3.6|11|12^1|15.1|90|90^1|0.0|5|6^1|99.1|1|1^x"}};
}

Bytes face_transaction(const test::FieldTexts& fields, const Bytes& data) {
  return transaction({tagged_record(2, {{2, "00"}}, kWide), tagged_record(10, fields, kWide, data),
                      test::binary_record(4, {}, Bytes(12))});
}

TEST(TransactionFaces, SayWhatTheirRecordSays) {
  const FaceImage face = read_one(face_transaction(type10_fields("JPEGB"), jpeg()));
  EXPECT_EQ(face.image.samples, read_image(jpeg())->samples);
  EXPECT_EQ(face.image.ppi, PixelsPerInch{300});
  EXPECT_EQ(face.eye_colour, EyeColour::brown);
  EXPECT_EQ(face.hair_colour, HairColour::blond);
  EXPECT_EQ(face.colour_space, ColourSpace::rgb);
  EXPECT_EQ(face.quality, Quality{49});
  EXPECT_EQ(face.pose, (HeadPose{{-30, {}}, {}, {}}));
  EXPECT_EQ(face.captured, (CaptureTime{2024, 2, 29}));
  EXPECT_THAT(face.landmarks,
              ElementsAre(FaceLandmark{1, 0x36, 11, 12, 0}, FaceLandmark{1, 0, 5, 6, 0}));
}

TEST(TransactionFaces, NamedAnglesBeatTheYaw) {
  const auto fields = test::with(type10_fields("JP2"), 25, "-5|181|7|2|-1|180");
  const FaceImage face = read_one(face_transaction(fields, jpeg2000()));
  EXPECT_EQ(face.pose, (HeadPose{{-5, 2}, {std::nullopt, std::nullopt}, {7, 180}}));
}

TEST(TransactionFaces, ColoursWithoutANameAreUnknown) {
  const auto unnamed = test::with(test::with(type10_fields("PNG"), 27, "?"), 28, "-");
  const FaceImage face = read_one(face_transaction(unnamed, png()));
  EXPECT_EQ(face.eye_colour, EyeColour::unknown);
  EXPECT_EQ(face.hair_colour, HairColour::unspecified);
}

TEST(TransactionFaces, RawPicturesAreGreyOrRgb) {
  test::FieldTexts fields = test::with(type10_fields("NONE"), 6, "2");
  fields = test::with(test::with(fields, 7, "1"), 12, "GRAY");
  EXPECT_THAT(read_one(face_transaction(fields, bytes_of({3, 200}))).image.samples,
              ElementsAre(3, 200));
  fields = test::with(fields, 12, "RGB");
  const FaceImage face = read_one(face_transaction(fields, bytes_of({1, 2, 3, 4, 5, 6})));
  EXPECT_EQ(face.image.channels, 3);
  EXPECT_THAT(face.image.samples, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(error_of(face_transaction(fields, bytes_of({1, 2, 3}))).fault, Fault::length_mismatch);
  EXPECT_EQ(error_of(face_transaction(test::with(fields, 12, "YCC"), bytes_of({1, 2}))).fault,
            Fault::unsupported);
}

TEST(TransactionFaces, ScarsAndTattoosArePassedOver) {
  const Bytes bytes = transaction(
      {tagged_record(10, test::with(type10_fields("JPEGB"), 3, "TATTOO"), kWide, jpeg()),
       tagged_record(10, type10_fields("JPEGB"), kWide),  // without a picture
       tagged_record(10, type10_fields("PNG"), kWide, png())});
  EXPECT_EQ(read_one(bytes).image.samples, read_image(png())->samples);
  const Bytes none = transaction({test::binary_record(4, {}, Bytes(12))});
  EXPECT_EQ(error_of(none), (Error{Fault::not_found, 0, ""}));
}

TEST(TransactionFaces, FieldsThatAPictureNeedsAreRequired) {
  struct Row {
    int field;
    const char* text;
    Fault fault;
  };
  for (const Row& row : {Row{6, "-", Fault::out_of_range}, Row{7, "0", Fault::out_of_range},
                         Row{7, "x", Fault::out_of_range}, Row{11, "-", Fault::out_of_range},
                         Row{11, "GIF", Fault::unsupported}}) {
    const Error error =
        error_of(face_transaction(test::with(type10_fields("JPEGB"), row.field, row.text), jpeg()));
    EXPECT_EQ(error.fault, row.fault) << row.field;
    EXPECT_EQ(error.where, "record 3") << row.field;
  }
}

// A ratio of 2 to 1 would spoil a print; of a face it is only not said.
TEST(TransactionFaces, ScaleThatDoesNotReadSaysNothing) {
  for (const char* x : {"150", "0", "-", "x"}) {
    const auto fields = test::with(type10_fields("JPEGB"), 9, x);
    EXPECT_EQ(read_one(face_transaction(fields, jpeg())).image.ppi, std::nullopt) << x;
  }
}

// --- Any file

TEST(FaceFiles, ThatAreNoneHaveTheirFault) {
  EXPECT_EQ(error_of({}).fault, Fault::empty_input);
  EXPECT_EQ(error_of(bytes_of({'F', 'I', 'R', 0, '0', '1', '0', 0})).fault, Fault::bad_magic);
  EXPECT_EQ(error_of(bytes_of({'F', 'A'})).fault, Fault::truncated);
  EXPECT_EQ(error_of(bytes_of({0x75})).fault, Fault::truncated);
}

TEST(FaceFiles, PicturesTogetherAreBounded) {
  const Bytes large = *encode_png(Image{8192, 8192, 1, {}, std::vector<std::uint8_t>(1U << 26U)});
  FaceImageRecord record = record_of(FaceImageFormat::iso19794_5_2011, large);
  record.images.resize(4, record.images[0]);
  const Error error = error_of(encoded(record));
  EXPECT_EQ(error.fault, Fault::limit_exceeded);
  EXPECT_EQ(error.where, "image 4");
}

}  // namespace
}  // namespace whorl::formats
