// Records of a commercial extractor: all 320 of FVC2002's sets B.

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "engine/formats/minutiae_record.h"
#include "engine/formats/read_templates.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using test::file_bytes;

TEST(Fvc2002, EveryRecordIsReadAndWrittenAlike) {
  WHORL_DATA_OR_SKIP(folder, "fingerprints/fvc2002");
  int records = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".iso") continue;
    ++records;
    const Bytes bytes = file_bytes(entry.path());
    const auto record = decode_minutiae_record(bytes);
    ASSERT_TRUE(record) << describe(record.error());
    const auto encoded = encode_minutiae_record(*record);
    ASSERT_TRUE(encoded) << describe(encoded.error());
    EXPECT_EQ(*encoded, bytes);
    const auto templates = read_templates(bytes);
    ASSERT_TRUE(templates) << describe(templates.error());
    ASSERT_EQ(templates->size(), 1U);
    const auto& finger = std::get<FingerTemplate>(templates->front());
    EXPECT_EQ(finger.minutiae.size(), record->views.front().minutiae.size());
  }
  EXPECT_EQ(records, 320);
}

// DB2 was captured at 569 ppi, whatever its headers say.
TEST(Fvc2002, ResolutionCanBeOverruled) {
  WHORL_DATA_OR_SKIP(path, "fingerprints/fvc2002/DB2_B/101_1.iso");
  const Bytes bytes = file_bytes(path);
  const auto record = decode_minutiae_record(bytes);
  ASSERT_TRUE(record);
  const auto templates = read_templates(bytes, PixelsPerInch{569});
  ASSERT_TRUE(templates) << describe(templates.error());
  const auto& raw = record->views.front().minutiae.front();
  const auto& minutia = std::get<FingerTemplate>(templates->front()).minutiae.front();
  EXPECT_EQ(minutia.x_px, std::lround(raw.x_px * 500.0 / 569.0));
  EXPECT_EQ(minutia.y_px, std::lround(raw.y_px * 500.0 / 569.0));
  EXPECT_EQ(minutia.direction.steps(), raw.angle.value());
}

}  // namespace
}  // namespace whorl::formats
