// One mock person's ten fingers, captured twice: once sent as JPEG 2000, once as WSQ.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/features/fingerprint/minutia_codes.h"
#include "engine/features/read_capture.h"
#include "engine/matchers/finger_calibration.h"
#include "engine/matchers/finger_matcher.h"
#include "tests/support/test_data.h"

namespace whorl::features {
namespace {

const std::vector<std::string> kFingers = {
    "Left_Thumb",  "Left_Index",  "Left_Middle",  "Left_Ring",  "Left_Little",
    "Right_Thumb", "Right_Index", "Right_Middle", "Right_Ring", "Right_Little"};

std::vector<FingerTemplate> prints_of(const std::filesystem::path& folder,
                                      const std::string& ending) {
  std::vector<FingerTemplate> prints;
  for (const std::string& finger : kFingers) {
    const auto read = read_capture(test::file_bytes(folder / ("0001" + finger + ending)));
    EXPECT_TRUE(read) << finger << ending;
    if (!read) continue;
    EXPECT_EQ(read->size(), 1U);
    prints.push_back(std::get<FingerTemplate>(read->front()));
    describe_minutiae(prints.back());
  }
  return prints;
}

TEST(CodecsData, FingersMatchBetweenJpeg2000AndWsqAndWithNothingElse) {
  WHORL_DATA_OR_SKIP(folder, "interop/mosip_mockmds/Automatic/Auth");
  const auto jpeg2000 = prints_of(folder, ".iso"), wsq = prints_of(folder, ".wsq.iso");
  ASSERT_EQ(jpeg2000.size(), kFingers.size());
  ASSERT_EQ(wsq.size(), kFingers.size());
  matchers::FingerMatcher matcher;
  for (std::size_t i = 0; i < kFingers.size(); ++i) {
    EXPECT_NE(jpeg2000[i].position, FingerPosition::unknown);
    EXPECT_EQ(jpeg2000[i].position, wsq[i].position);
    for (std::size_t j = 0; j < kFingers.size(); ++j) {
      const auto value = matchers::calibrate(matchers::kDefaultFingerCalibration,
                                             matcher.compare(jpeg2000[i], wsq[j]));
      EXPECT_EQ(value.fmr <= FalseMatchRate{1e-4}, i == j) << kFingers[i] << " " << kFingers[j];
    }
  }
}

}  // namespace
}  // namespace whorl::features
