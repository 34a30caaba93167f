#include "engine/formats/finger_templates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/limits.h"
#include "tests/support/random_records.h"

namespace whorl::formats {
namespace {

RecordMinutia minutia_at(std::uint16_t x, std::uint16_t y, std::uint8_t angle = 0,
                         std::uint8_t quality = 0) {
  return {.kind = MinutiaKind::ending,
          .x_px = x,
          .y_px = y,
          .angle = RawAngle{angle},
          .quality = quality};
}

MinutiaeRecord record_of(std::vector<RecordMinutia> minutiae, std::uint16_t px_per_cm = 197,
                         MinutiaeFormat format = MinutiaeFormat::iso19794_2_2005) {
  FingerView view;
  view.quality = {QualityRecord{50}};
  view.width_px = 800;
  view.height_px = 1000;
  view.resolution_x = PixelsPerCm{px_per_cm};
  view.resolution_y = PixelsPerCm{px_per_cm};
  view.minutiae = std::move(minutiae);
  MinutiaeRecord record;
  record.format = format;
  record.views = {view};
  return record;
}

FingerTemplate only_template(const MinutiaeRecord& record,
                             std::optional<PixelsPerInch> ppi = std::nullopt) {
  const auto converted = to_finger_templates(record, ppi);
  EXPECT_TRUE(converted) << describe(converted.error());
  return converted ? converted->templates.at(0) : FingerTemplate{};
}

TEST(ToTemplates, RecordsAt500PpiAreNotRescaled) {
  for (const std::uint16_t px_per_cm : std::initializer_list<std::uint16_t>{196, 197}) {
    const FingerTemplate finger = only_template(record_of({minutia_at(799, 999)}, px_per_cm));
    EXPECT_EQ(finger.minutiae[0].x_px, 799);
    EXPECT_EQ(finger.minutiae[0].y_px, 999);
  }
}

TEST(ToTemplates, TheImagesFrameIsScaledAsTheMinutiaeAre) {
  const auto converted = to_finger_templates(record_of({minutia_at(1, 1)}, 394));
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->frames, (std::vector<CaptureFrame>{{400, 500}}));
  const auto overridden = to_finger_templates(record_of({minutia_at(1, 1)}), PixelsPerInch{250});
  EXPECT_EQ(overridden->frames, (std::vector<CaptureFrame>{{1600, 2000}}));
}

TEST(ToTemplates, RecordsAt1000PpiAreHalved) {
  for (const std::uint16_t px_per_cm : std::initializer_list<std::uint16_t>{393, 394}) {
    const FingerTemplate finger = only_template(record_of({minutia_at(700, 900)}, px_per_cm));
    EXPECT_EQ(finger.minutiae[0].x_px, 350);
    EXPECT_EQ(finger.minutiae[0].y_px, 450);
  }
}

TEST(ToTemplates, CallerMayOverruleTheResolution) {
  for (const std::uint16_t claimed : std::initializer_list<std::uint16_t>{0, 197, 65535}) {
    const FingerTemplate finger =
        only_template(record_of({minutia_at(569, 284)}, claimed), PixelsPerInch{569});
    EXPECT_EQ(finger.minutiae[0].x_px, 500);
    EXPECT_EQ(finger.minutiae[0].y_px, 250);  // 249.56
  }
}

TEST(ToTemplates, UnequalResolutionsTurnDirections) {
  MinutiaeRecord record = record_of({minutia_at(100, 100, 32)});  // 45 degrees
  record.views[0].resolution_x = PixelsPerCm{394};
  const FingerTemplate finger = only_template(record);
  EXPECT_EQ(finger.minutiae[0].x_px, 50);
  EXPECT_EQ(finger.minutiae[0].y_px, 100);
  EXPECT_EQ(finger.minutiae[0].direction.steps(), 45);  // atan2(1, 0.5) is 63.4 degrees
}

TEST(ToTemplates, AnglesBecomeStepsOf256) {
  struct Row {
    MinutiaeFormat format;
    std::uint8_t raw;
    std::uint8_t steps;
  };
  for (const Row& row :
       {Row{MinutiaeFormat::iso19794_2_2005, 255, 255},
        Row{MinutiaeFormat::iso19794_2_2011, 80, 80}, Row{MinutiaeFormat::ansi378_2009, 45, 64},
        Row{MinutiaeFormat::ansi378_2009_am1, 179, 255},  // 358 degrees
        Row{MinutiaeFormat::ansi378_2004, 90, 128},
        Row{MinutiaeFormat::ansi378_2004, 225, 64}}) {  // 450 degrees
    const FingerTemplate finger =
        only_template(record_of({minutia_at(1, 1, row.raw)}, 197, row.format));
    EXPECT_EQ(finger.minutiae[0].direction.steps(), row.steps) << int{row.raw};
  }
}

TEST(ToTemplates, BadResolutionsAreRefused) {
  for (const std::uint16_t px_per_cm : std::initializer_list<std::uint16_t>{0, 1, 38, 473, 65535}) {
    EXPECT_EQ(to_finger_templates(record_of({minutia_at(1, 1)}, px_per_cm)).error().fault,
              Fault::bad_resolution)
        << px_per_cm;
  }
  for (const double ppi :
       {0.0, -500.0, 98.9, 1201.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(to_finger_templates(record_of({minutia_at(1, 1)}), PixelsPerInch{ppi}).error().fault,
              Fault::bad_resolution)
        << ppi;
  }
  MinutiaeRecord record = record_of({minutia_at(1, 1)});
  record.views[0].resolution_y = PixelsPerCm{0};
  EXPECT_EQ(to_finger_templates(record).error().fault, Fault::bad_resolution);
}

TEST(ToTemplates, FramesTooLargeAt500PpiAreRefused) {
  MinutiaeRecord record = record_of({minutia_at(1, 1)}, 99);
  record.views[0].width_px = 16000;
  EXPECT_EQ(to_finger_templates(record).error().fault, Fault::limit_exceeded);
}

TEST(ToTemplates, ViewsWithoutMinutiaeAreRefusedByNumber) {
  MinutiaeRecord record = record_of({minutia_at(1, 1)});
  record.views.push_back(record.views[0]);
  record.views[1].minutiae.clear();
  const auto converted = to_finger_templates(record);
  ASSERT_FALSE(converted);
  EXPECT_EQ(converted.error().fault, Fault::no_minutiae);
  EXPECT_EQ(converted.error().where, "view 2");
  // Where all lie outside the frame as well.
  EXPECT_EQ(to_finger_templates(record_of({minutia_at(800, 1)})).error().fault, Fault::no_minutiae);
}

TEST(ToTemplates, MinutiaeOutsideTheFrameAreDroppedAndCounted) {
  const auto converted = to_finger_templates(
      record_of({minutia_at(800, 1), minutia_at(1, 1000), minutia_at(799, 999), minutia_at(2, 2)}));
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->losses, (ConversionLosses{.outside_frame = 2}));
  ASSERT_EQ(converted->templates[0].minutiae.size(), 2U);
  EXPECT_EQ(converted->templates[0].minutiae[0].x_px, 799);
}

TEST(ToTemplates, DuplicatesGoAndTheBestStaysInItsPlace) {
  const auto converted = to_finger_templates(
      record_of({minutia_at(9, 9, 9, 10), minutia_at(5, 5, 5, 1), minutia_at(9, 9, 9, 90),
                 minutia_at(9, 9, 10, 10), minutia_at(9, 9, 9, 90)}));
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->losses, (ConversionLosses{.duplicates = 2}));
  const auto& kept = converted->templates[0].minutiae;
  ASSERT_EQ(kept.size(), 3U);
  EXPECT_EQ(kept[0].x_px, 5);
  EXPECT_EQ(kept[1].quality, 90);
  EXPECT_EQ(kept[2].direction.steps(), 10);
}

// Two that rescaling brings to one place are one.
TEST(ToTemplates, DuplicatesAreSoughtAt500Ppi) {
  const auto converted =
      to_finger_templates(record_of({minutia_at(100, 100), minutia_at(99, 99)}, 394));
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->losses.duplicates, 1);  // 50 and 49.5
}

TEST(ToTemplates, TooManyAreTrimmedByQualityThenDistance) {
  std::vector<RecordMinutia> minutiae;
  for (std::uint16_t i = 0; i < 200; ++i) minutiae.push_back(minutia_at(i, 0, 0, 50));
  minutiae[0].quality = 51;    // the farthest from the centroid, but better
  minutiae[100].quality = 49;  // the nearest, but worse
  const auto converted = to_finger_templates(record_of(minutiae));
  ASSERT_TRUE(converted);
  EXPECT_EQ(converted->losses.trimmed, 200 - kMaxMinutiaePerTemplate);
  const auto& kept = converted->templates[0].minutiae;
  ASSERT_EQ(kept.size(), static_cast<std::size_t>(kMaxMinutiaePerTemplate));
  EXPECT_EQ(kept[0].x_px, 0);
  // 127 others about 99.5 without 100; of the two equally far the earlier.
  EXPECT_EQ(kept[1].x_px, 36);
  EXPECT_EQ(kept[kMaxMinutiaePerTemplate - 1].x_px, 163);
  for (const Minutia& m : kept) EXPECT_NE(m.x_px, 100);
}

TEST(ToTemplates, QualitiesAreReadAsTheirFormatMeansThem) {
  struct Row {
    MinutiaeFormat format;
    std::uint8_t score;
    std::uint8_t quality;
  };
  constexpr std::uint8_t kNone = Quality::kNotReported;
  for (const Row& row :
       {Row{MinutiaeFormat::iso19794_2_2005, 80, 80},
        Row{MinutiaeFormat::iso19794_2_2005, 0, kNone}, Row{MinutiaeFormat::ansi378_2004, 0, kNone},
        Row{MinutiaeFormat::iso19794_2_2011, 0, 0},
        Row{MinutiaeFormat::iso19794_2_2011, 255, kNone}, Row{MinutiaeFormat::ansi378_2009, 0, 0},
        Row{MinutiaeFormat::ansi378_2009, 254, kNone}}) {
    MinutiaeRecord record = record_of({minutia_at(1, 1, 0, 254)}, 197, row.format);
    record.views[0].quality[0].score = row.score;
    const FingerTemplate finger = only_template(record);
    EXPECT_EQ(finger.quality.value, row.quality);
    EXPECT_EQ(finger.minutiae[0].quality, 0);
  }
  MinutiaeRecord record = record_of({minutia_at(1, 1)}, 197, MinutiaeFormat::iso19794_2_2011);
  record.views[0].quality.clear();
  EXPECT_EQ(only_template(record).quality, Quality{});
}

class ToRecord : public testing::TestWithParam<MinutiaeFormat> {};
INSTANTIATE_TEST_SUITE_P(Formats, ToRecord, testing::ValuesIn(kMinutiaeFormats));

TEST_P(ToRecord, TemplatesComeBackThroughEveryFormat) {
  SeededRandom random(11);
  std::vector<FingerTemplate> fingers;
  for (int i = 0; i < 10; ++i) fingers.push_back(test::random_finger(random, 1 + 12 * i, true));
  fingers[3].quality = Quality{};
  const auto record = to_minutiae_record(fingers, GetParam());
  ASSERT_TRUE(record) << describe(record.error());
  const auto bytes = encode_minutiae_record(*record);
  ASSERT_TRUE(bytes) << describe(bytes.error());
  const auto decoded = decode_minutiae_record(*bytes);
  ASSERT_TRUE(decoded) << describe(decoded.error());
  const auto converted = to_finger_templates(*decoded);
  ASSERT_TRUE(converted) << describe(converted.error());
  EXPECT_EQ(converted->losses, ConversionLosses{});
  ASSERT_EQ(converted->templates.size(), fingers.size());
  for (std::size_t i = 0; i < fingers.size(); ++i) {
    const FingerTemplate& finger = converted->templates[i];
    EXPECT_EQ(finger.position, fingers[i].position);
    EXPECT_EQ(finger.quality, fingers[i].quality);
    ASSERT_EQ(finger.minutiae.size(), fingers[i].minutiae.size());
    for (std::size_t k = 0; k < finger.minutiae.size(); ++k) {
      Minutia expected = fingers[i].minutiae[k];
      const Direction direction = finger.minutiae[k].direction;
      EXPECT_LE(turn_between(direction, expected.direction), is_ansi(GetParam()) ? 1 : 0);
      expected.direction = direction;
      EXPECT_EQ(finger.minutiae[k], expected);
    }
  }
}

TEST_P(ToRecord, RefusesWhatNoRecordHolds) {
  SeededRandom random(12);
  const FingerTemplate good = test::random_finger(random, 5, false);
  const auto fault_of = [&](const std::vector<FingerTemplate>& fingers) {
    const auto record = to_minutiae_record(fingers, GetParam());
    return record ? Fault{} : record.error().fault;
  };
  EXPECT_EQ(fault_of({}), Fault::no_minutiae);
  FingerTemplate empty = good;
  empty.minutiae.clear();
  EXPECT_EQ(fault_of({good, empty}), Fault::no_minutiae);
  FingerTemplate negative = good;
  negative.minutiae[2].x_px = -1;
  EXPECT_EQ(fault_of({negative}), Fault::out_of_range);
  FingerTemplate far = good;
  far.minutiae[2].y_px = 0x4000;
  EXPECT_EQ(fault_of({far}), Fault::out_of_range);
  FingerTemplate eleventh = good;
  eleventh.position = FingerPosition{11};
  EXPECT_EQ(fault_of({eleventh}), Fault::out_of_range);
  EXPECT_EQ(fault_of(std::vector<FingerTemplate>(kMaxViews + 1, good)), Fault::limit_exceeded);
}

}  // namespace
}  // namespace whorl::formats
