#include "engine/features/read_capture.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/random.h"
#include "engine/formats/finger_templates.h"
#include "engine/formats/images/finger_image_record.h"
#include "engine/formats/images/write_image.h"
#include "engine/formats/images/wsq.h"
#include "engine/formats/read_templates.h"
#include "engine/formats/template_container.h"
#include "tests/features/face/toy_face_model.h"
#include "tests/features/simulated_prints.h"
#include "tests/support/finger_image_files.h"

namespace whorl::features {
namespace {

using testing::agreement;

const std::vector<testing::SimulatedPrint>& prints() {
  static const std::vector<testing::SimulatedPrint> kPrints = testing::simulated_prints(2);
  return kPrints;
}
const Image& picture(std::size_t n = 0) { return prints().at(n).image; }

const FingerTemplate& extracted(std::size_t n = 0) {
  static const std::vector<FingerTemplate> kAll = {extract_print(picture(0))->print,
                                                   extract_print(picture(1))->print};
  return kAll.at(n);
}

FingerTemplate only_finger(const Result<std::vector<Template>>& templates) {
  EXPECT_TRUE(templates) << describe(templates.error());
  if (!templates || templates->size() != 1) return {};
  return std::get<FingerTemplate>(templates->front());
}

Image without_resolution(Image image) {
  image.ppi.reset();
  return image;
}

// One uncompressed picture a position.
Bytes record_of(const std::vector<std::pair<const Image*, FingerPosition>>& images,
                formats::FingerImageFormat format) {
  formats::FingerImageRecord record;
  record.format = format;
  record.acquisition_level = format == formats::FingerImageFormat::iso19794_4_2005 ? 30 : 0;
  record.finger_count = static_cast<std::uint8_t>(images.size());
  for (const auto& [image, position] : images) {
    formats::FingerImageRepresentation one;
    one.position = formats::RidgePosition{static_cast<std::uint8_t>(position)};
    if (format == formats::FingerImageFormat::iso19794_4_2005) one.quality.resize(1);
    one.width_px = static_cast<std::uint16_t>(image->width_px);
    one.height_px = static_cast<std::uint16_t>(image->height_px);
    for (const std::uint8_t s : image->samples) one.data.push_back(std::byte{s});
    record.images.push_back(std::move(one));
  }
  const auto bytes = formats::encode_finger_image_record(record);
  EXPECT_TRUE(bytes) << describe(bytes.error());
  return bytes.value_or(Bytes());
}

TEST(ReadCapture, APngWithItsResolutionIsExtracted) {
  const auto png = formats::encode_png(picture());
  ASSERT_TRUE(png);
  EXPECT_TRUE(is_picture(*png));
  EXPECT_EQ(only_finger(read_capture(*png)), extracted());
}

TEST(ReadCapture, AWsqStreamIsExtracted) {
  const auto wsq = formats::encode_wsq(picture());
  ASSERT_TRUE(wsq);
  EXPECT_TRUE(is_picture(*wsq));
  const FingerTemplate print = only_finger(read_capture(*wsq));
  EXPECT_GT(agreement(print.minutiae, extracted().minutiae), 0.85);
}

TEST(ReadCapture, APictureThatDoesNotSayItsResolutionMustBeTold) {
  for (const auto& bytes :
       {formats::encode_png(without_resolution(picture())), formats::encode_pnm(picture())}) {
    ASSERT_TRUE(bytes);
    EXPECT_EQ(read_capture(*bytes).error().fault, Fault::bad_resolution);
    EXPECT_EQ(only_finger(read_capture(*bytes, {.ppi = PixelsPerInch{500}})), extracted());
  }
}

TEST(ReadCapture, OptionsReachTheExtractor) {
  const auto png = formats::encode_png(picture());
  ASSERT_TRUE(png);
  const ExtractionOptions fast{ExtractionMode::fast};
  EXPECT_EQ(only_finger(read_capture(*png, {.print = fast})),
            extract_print(picture(), {}, fast)->print);
}

TEST(ReadCapture, AFingerImageRecordSaysWhichFingersItsPicturesShow) {
  for (const auto format : formats::kFingerImageFormats) {
    const Bytes bytes = record_of(
        {{&picture(0), FingerPosition::left_ring}, {&picture(1), FingerPosition::right_thumb}},
        format);
    EXPECT_TRUE(is_picture(bytes));
    const auto templates = read_capture(bytes);
    ASSERT_TRUE(templates) << describe(templates.error());
    ASSERT_EQ(templates->size(), 2U);
    for (std::size_t n = 0; n < 2; ++n) {
      const auto& print = std::get<FingerTemplate>(templates->at(n));
      EXPECT_EQ(print.position, n == 0 ? FingerPosition::left_ring : FingerPosition::right_thumb);
      EXPECT_EQ(print.minutiae, extracted(n).minutiae);
    }
  }
}

TEST(ReadCapture, OneFingerThatIsNotThereFailsTheFileAndSaysWhich) {
  const Image blank{100, 100, 1, PixelsPerInch{500}, std::vector<std::uint8_t>(10'000, 250)};
  const Bytes bytes =
      record_of({{&picture(), FingerPosition::left_ring}, {&blank, FingerPosition::right_thumb}},
                formats::FingerImageFormat::iso19794_4_2005);
  const auto templates = read_capture(bytes);
  ASSERT_FALSE(templates);
  EXPECT_EQ(templates.error().fault, Fault::no_minutiae);
  EXPECT_EQ(templates.error().where, "picture 2");
}

// Dark grain that any extractor finds minutiae in.
Image no_finger() {
  SeededRandom random(3);
  Image grain{300, 300, 1, PixelsPerInch{500}, {}};
  for (int i = 0; i < 300 * 300; ++i) {
    grain.samples.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return grain;
}

TEST(ReadCapture, APictureWithoutAFingerIsExtractedButGivesNoTemplate) {
  const auto png = formats::encode_png(no_finger());
  ASSERT_TRUE(png);
  const auto extractions = extract_fingers(*png);
  ASSERT_TRUE(extractions) << describe(extractions.error());
  ASSERT_EQ(extractions->size(), 1U);
  EXPECT_FALSE(shows_a_finger(extractions->front()));
  EXPECT_FALSE(extractions->front().print.minutiae.empty());
  const auto templates = read_capture(*png);
  ASSERT_FALSE(templates);
  EXPECT_EQ(templates.error().fault, Fault::no_finger);
  EXPECT_EQ(templates.error().where, "");
  EXPECT_TRUE(shows_a_finger(extract_print(picture()).value()));
}

TEST(ReadCapture, OfSeveralTheOneWithoutAFingerIsNamed) {
  const Image grain = no_finger();
  for (const std::size_t at : {0U, 1U}) {
    std::vector<std::pair<const Image*, FingerPosition>> images(
        2, {&picture(), FingerPosition::left_ring});
    images.at(at).first = &grain;
    const auto templates =
        read_capture(record_of(images, formats::FingerImageFormat::iso19794_4_2005));
    ASSERT_FALSE(templates);
    EXPECT_EQ(templates.error().fault, Fault::no_finger);
    EXPECT_EQ(templates.error().where, "finger " + std::to_string(at + 1));
  }
}

TEST(ReadCapture, JudgesWhatAllPicturesComeToBeforeAnyIsExtracted) {
  const Image coarse{396, 396, 1, std::nullopt, std::vector<std::uint8_t>(396 * 396)};
  const std::vector<std::pair<const Image*, FingerPosition>> eleven(
      11, {&coarse, FingerPosition::left_ring});
  const Bytes bytes = record_of(eleven, formats::FingerImageFormat::iso19794_4_2005);
  EXPECT_EQ(extract_fingers(bytes, PixelsPerInch{99}).error(),
            (Error{Fault::limit_exceeded, 0, ""}));
  EXPECT_EQ(extract_fingers(bytes, PixelsPerInch{500}).error().fault, Fault::no_minutiae);  // black
}

TEST(ReadCapture, ATraceIsOfOnePicture) {
  const Bytes two = record_of(
      {{&picture(0), FingerPosition::right_index}, {&picture(1), FingerPosition::left_index}},
      formats::FingerImageFormat::iso19794_4_2005);
  std::vector<ExtractionTrace> traces;
  EXPECT_EQ(extract_fingers(two, std::nullopt, {}, &traces).error().fault, Fault::bad_argument);
  EXPECT_TRUE(traces.empty());
}

TEST(ReadCapture, MinutiaeRecordsAndContainersComeAsReadTemplatesGivesThem) {
  const FingerTemplate print = extracted();
  std::vector<Bytes> files = {*formats::encode_template(print)};
  for (const auto format : formats::kMinutiaeFormats) {
    files.push_back(
        *formats::encode_minutiae_record(*formats::to_minutiae_record({&print, 1}, format)));
  }
  for (const Bytes& bytes : files) {
    EXPECT_FALSE(is_picture(bytes));
    const auto templates = read_capture(bytes), expected = formats::read_templates(bytes);
    ASSERT_TRUE(templates && expected);
    EXPECT_TRUE(*templates == *expected);
  }
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

TEST(ReadCapture, WhatIsNoneOfThemIsRefusedByName) {
  EXPECT_EQ(read_capture({}).error().fault, Fault::empty_input);
  EXPECT_EQ(read_capture(bytes_of("hello, this is a letter")).error().fault, Fault::bad_magic);
  SeededRandom random(3);
  for (int i = 0; i < 200; ++i) {
    Bytes garbage(static_cast<std::size_t>(1 + i * 3));
    for (std::byte& b : garbage) b = static_cast<std::byte>(random.below(256));
    EXPECT_FALSE(read_capture(garbage, {.ppi = PixelsPerInch{500}}));
  }
}

TEST(ReadCapture, RefusesPrefixesOfAPicture) {
  const Bytes png = *formats::encode_png(picture());
  const Bytes record = record_of({{&picture(), FingerPosition::left_ring}},
                                 formats::FingerImageFormat::iso19794_4_2011);
  for (const Bytes& bytes : {png, record}) {
    for (std::size_t percent = 0; percent < 100; percent += 3) {
      EXPECT_FALSE(read_capture(std::span(bytes).first(bytes.size() * percent / 100))) << percent;
    }
  }
}

TEST(ReadCapture, TellsTheFlawsOfEachPictureAndNoneOfATemplate) {
  Image faint = picture(0);
  for (std::uint8_t& sample : faint.samples) sample = static_cast<std::uint8_t>(200 + sample / 16);
  std::vector<Flaws> flaws;
  ASSERT_TRUE(read_capture(*formats::encode_png(faint), {}, &flaws));
  ASSERT_EQ(flaws.size(), 1U);
  const Extraction whole = *extract_print(faint);
  ASSERT_FALSE(whole.quality.flaws.empty());
  ASSERT_EQ(flaws[0].size(), whole.quality.flaws.size());
  EXPECT_EQ(flaws[0][0].name, name_of(whole.quality.flaws[0]));
  EXPECT_EQ(flaws[0][0].text, text_of(whole.quality.flaws[0]));
  ASSERT_TRUE(read_capture(formats::encode_template(extracted()).value(), {}, &flaws));
  ASSERT_EQ(flaws.size(), 1U);
  EXPECT_TRUE(flaws[0].empty());
}

// One finger as if it were at `position`, and one face.
Bytes finger_and_face(int position) {
  const Image face = ::whorl::testing::toy_picture({{8, 12}});
  const auto png = formats::encode_png(face);
  EXPECT_TRUE(png);
  const test::FieldTexts face_fields{{2, "02"},
                                     {3, "FACE"},
                                     {4, "TEST"},
                                     {5, "20240229"},
                                     {6, std::to_string(face.width_px)},
                                     {7, std::to_string(face.height_px)},
                                     {8, "1"},
                                     {9, "300"},
                                     {10, "300"},
                                     {11, "PNG"},
                                     {12, "SRGB"}};
  constexpr auto kWide = test::TagWidth::three_digits;
  return test::transaction(
      {test::tagged_record(
           14, test::type14_fields(position, picture().width_px, picture().height_px, "NONE"),
           kWide, std::as_bytes(std::span(picture().samples))),
       test::tagged_record(10, face_fields, kWide, *png)});
}

TEST(ReadCapture, ATransactionGivesItsFingersAndItsFaces) {
  ::whorl::testing::ToyFaceModel toy;
  CaptureOptions options;
  options.face.model = toy.write();
  const Bytes visit = finger_and_face(2);
  std::vector<Flaws> flaws;
  const auto both = read_capture(visit, options, &flaws);
  ASSERT_TRUE(both) << describe(both.error());
  ASSERT_EQ(both->size(), 2U);
  EXPECT_EQ(flaws.size(), 2U);
  EXPECT_EQ(std::get<FingerTemplate>((*both)[0]).position, FingerPosition::right_index);
  EXPECT_EQ(std::get<FaceTemplate>((*both)[1]).model, "toy");
  options.modality = Modality::face;
  const auto face = read_capture(visit, options);
  ASSERT_TRUE(face);
  EXPECT_EQ(face->size(), 1U);
  EXPECT_FALSE(are_pictures_of_faces(visit, *face)) << "it holds a finger's picture, too";
}

// Four fingers are declared, and one is shown: the visit is not enrolled by its face alone.
TEST(ReadCapture, AFingerThatCannotBeReadIsTheWholeTransactions) {
  ::whorl::testing::ToyFaceModel toy;
  CaptureOptions options;
  options.face.model = toy.write();
  const auto refused = read_capture(finger_and_face(13), options);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::quality_too_low);
}

}  // namespace
}  // namespace whorl::features
