#include "engine/base/names.h"

#include <gtest/gtest.h>

#include <string>

namespace whorl {
namespace {

TEST(Names, ReadBackWhatTheyWrite) {
  for (int p = 0; p < kFingerPositions; ++p) {
    const auto position = static_cast<FingerPosition>(p);
    EXPECT_EQ(finger_from_name(name_of(position)), position);
    EXPECT_EQ(finger_from_name(std::to_string(p)), position);
  }
  for (const Modality modality : {Modality::finger, Modality::face}) {
    EXPECT_EQ(modality_from_name(name_of(modality)), modality);
  }
  for (const Sex sex : {Sex::not_recorded, Sex::female, Sex::male, Sex::other}) {
    EXPECT_EQ(sex_from_name(name_of(sex)), sex);
  }
}

TEST(Names, KnowNoOthers) {
  for (const char* bad : {"11", "-1", "+1", "", "thumb", "2 ", " 2", "right-index ", "Right-Index",
                          "1.0", "99999999999999999999"}) {
    EXPECT_EQ(finger_from_name(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"", "Finger", "iris", "1"}) {
    EXPECT_EQ(modality_from_name(bad), std::nullopt) << bad;
  }
  for (const char* bad : {"", "f", "Female", "1", "unknown"}) {
    EXPECT_EQ(sex_from_name(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace whorl
