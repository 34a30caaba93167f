// Real slaps, of inked cards and of live scanners: docs/slaps.md.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "engine/features/fingerprint/extract.h"
#include "engine/features/fingerprint/slap.h"
#include "engine/matchers/finger_matcher.h"
#include "tests/support/test_data.h"

namespace whorl::features {
namespace {

using formats::CapturedArea;
using formats::FingerImage;
using formats::FingerSegment;
using test::file_bytes;
using enum FingerPosition;

// A bare picture or a record, and where a person marked the tips: by hand, to some 10 px.
struct Marked {
  const char* file;
  CapturedArea area;
  std::vector<FingerSegment> tips;
};
const Marked kMarked[] = {
    {"interop/libbiomeval/type4-slaps.an2k",
     CapturedArea::plain_left_four,
     {{left_little, 179, 639, 401, 927, {}},
      {left_ring, 438, 75, 741, 565, {}},
      {left_middle, 786, 0, 1043, 343, {}},
      {left_index, 1146, 150, 1426, 605, {}}}},
    {"interop/libbiomeval/type4-slaps.an2k",
     CapturedArea::plain_right_four,
     {{right_index, 115, 487, 422, 960, {}},  // a punched hole in its middle
      {right_middle, 407, 14, 699, 518, {}},
      {right_ring, 800, 6, 1066, 456, {}},
      {right_little, 1224, 395, 1495, 756, {}}}},
    {"interop/nbis_an2/valid1.8.an2",
     CapturedArea::plain_right_four,
     {{right_index, 185, 280, 466, 677, {}},
      {right_middle, 471, 0, 763, 358, {}},
      {right_ring, 814, 46, 1111, 463, {}},
      {right_little, 1242, 455, 1503, 814, {}}}},
    {"interop/nbis_an2/valid1.8.an2",
     CapturedArea::plain_left_four,
     {{left_little, 71, 629, 326, 969, {}},
      {left_ring, 366, 134, 626, 554, {}},
      {left_middle, 649, 0, 926, 354, {}},
      {left_index, 983, 169, 1263, 539, {}}}},
};

std::vector<FingerImage> images_of(const std::filesystem::path& path) {
  auto images = formats::read_finger_images(file_bytes(path));
  EXPECT_TRUE(images) << describe(images.error());
  return images ? std::move(*images) : std::vector<FingerImage>{};
}

// Intersection over union of the mark and the box, as if that did not lean.
float likeness(const FingerSegment& mark, const LeaningBox& box) {
  const auto shared = [](float low, float high, int from, int to) {
    return std::max(
        0.0F, std::min(high, static_cast<float>(to)) - std::max(low, static_cast<float>(from)));
  };
  const float w = box.width_px / 2, h = box.height_px / 2;
  const float both = shared(box.centre_x_px - w, box.centre_x_px + w, mark.left_px, mark.right_px) *
                     shared(box.centre_y_px - h, box.centre_y_px + h, mark.top_px, mark.bottom_px);
  const auto marked =
      static_cast<float>((mark.right_px - mark.left_px) * (mark.bottom_px - mark.top_px));
  return both / (4 * w * h + marked - both);
}

TEST(SlapData, BoxesAreWhereAPersonPutsThem) {
  for (const Marked& marked : kMarked) {
    WHORL_DATA_OR_SKIP(path, marked.file);
    for (const FingerImage& image : images_of(path)) {
      if (image.area != marked.area) continue;
      const auto fingers = fingers_in(image);
      ASSERT_TRUE(fingers) << describe(fingers.error());
      ASSERT_EQ(fingers->size(), marked.tips.size());
      for (std::size_t i = 0; i < fingers->size(); ++i) {
        const SlapFinger& finger = (*fingers)[i];
        SCOPED_TRACE(std::string(marked.file) + ", finger " +
                     std::to_string(static_cast<int>(finger.position)));
        EXPECT_EQ(finger.position, marked.tips[i].position);
        EXPECT_GT(likeness(marked.tips[i], finger.box), 0.5F);
      }
    }
  }
}

TEST(SlapData, AnAmputatedFingerIsSkipped) {
  WHORL_DATA_OR_SKIP(path, "interop/nist_itl/type-14-amp-nqm-utf8.an2");
  for (const FingerImage& image : images_of(path)) {
    if (image.area != CapturedArea::plain_left_four) continue;
    EXPECT_EQ(image.missing, std::vector{left_ring});
    const auto fingers = fingers_in(image);
    ASSERT_TRUE(fingers) << describe(fingers.error());
    ASSERT_EQ(fingers->size(), 3U);
    EXPECT_EQ((*fingers)[0].position, left_little);
    EXPECT_EQ((*fingers)[1].position, left_middle);
    EXPECT_EQ((*fingers)[2].position, left_index);
    const auto undeclared = segment_slap(image.image, image.area);
    ASSERT_FALSE(undeclared);
    EXPECT_EQ(undeclared.error().where, "3 fingertips found, 4 expected");
  }
}

// Three fingers of four are declared missing from a slap that shows them all.
TEST(SlapData, ARecordThatContradictsItsPictureIsRefused) {
  WHORL_DATA_OR_SKIP(path, "interop/nbis_an2/valid1.11.an2");
  for (const FingerImage& image : images_of(path)) {
    if (!shows_several_fingers(image.area)) continue;
    const auto fingers = fingers_in(image);
    ASSERT_FALSE(fingers);
    EXPECT_EQ(fingers.error().fault, Fault::quality_too_low);
    EXPECT_EQ(fingers.error().where, "4 fingertips found, 1 expected");
  }
}

TEST(SlapData, HandsOfUnknownSideAreNeverNamedWrongly) {
  int told = 0;
  for (const char* file :
       {"interop/nbis_an2/valid1.8.an2", "interop/nbis_an2/type_6_wvu.an2",
        "interop/nbis_an2/type_3_wvu.an2", "interop/nist_itl/type-4-tpcard.an2"}) {
    WHORL_DATA_OR_SKIP(path, file);
    for (const FingerImage& image : images_of(path)) {
      const auto shown = fingers_shown(image.area);
      if (shown.size() != 4) continue;
      const auto fingers = segment_slap(image.image, CapturedArea::unknown);
      ASSERT_TRUE(fingers) << describe(fingers.error());
      ASSERT_EQ(fingers->size(), 4U);
      if (fingers->front().position == unknown) continue;
      ++told;
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((*fingers)[i].position, shown[i]);
    }
  }
  EXPECT_EQ(told, 7) << "of 8";
}

struct Card {
  const char* file;
  const char* slaps;                    // more of the same person
  std::vector<FingerPosition> without;  // prints that score no higher than wrong ones
};
class Cards : public ::testing::TestWithParam<Card> {};

// A slap's fingers and single plain prints with the rolled prints of the same card: nothing scores
// as high as the finger itself.
TEST_P(Cards, EachPlainPrintMatchesItsOwnRolledOne) {
  WHORL_DATA_OR_SKIP(path, GetParam().file);
  WHORL_DATA_OR_SKIP(slaps, GetParam().slaps);
  std::vector<FingerImage> images = images_of(path);
  for (FingerImage& image : images_of(slaps)) {
    if (image.area == CapturedArea::plain_thumbs) images.push_back(std::move(image));
  }
  std::map<FingerPosition, FingerTemplate> rolled;
  std::vector<std::pair<FingerPosition, FingerTemplate>> plain;
  for (const FingerImage& image : images) {
    const auto fingers = fingers_in(image);
    ASSERT_TRUE(fingers) << describe(fingers.error());
    for (const SlapFinger& finger : *fingers) {
      const auto print = extract_print(finger.image);
      ASSERT_TRUE(print) << describe(print.error());
      if (image.area <= CapturedArea::left_little) {
        rolled[finger.position] = print->print;
      } else {
        plain.emplace_back(finger.position, print->print);
      }
    }
  }
  EXPECT_EQ(rolled.size(), 10U);
  EXPECT_GE(plain.size(), 10U);
  matchers::FingerMatcher matcher;
  for (const auto& [position, print] : plain) {
    const auto& without = GetParam().without;
    if (std::find(without.begin(), without.end(), position) != without.end()) continue;
    const float own = matcher.compare(print, rolled[position]).value();
    for (const auto& [other, reference] : rolled) {
      if (other == position) continue;
      EXPECT_GT(own, matcher.compare(print, reference).value())
          << static_cast<int>(position) << " with " << static_cast<int>(other);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(
    OfTenPrints, Cards,
    ::testing::Values(
        Card{"interop/nist_itl/type-4-tpcard.an2",
             "interop/nist_itl/type-4-14-slaps.an2",
             {right_little}},
        Card{"interop/nbis_an2/type_6_wvu.an2", "interop/nbis_an2/type_6_wvu.an2", {}},
        Card{"interop/nbis_an2/type_3_wvu.an2", "interop/nbis_an2/type_3_wvu.an2", {}}),
    [](const auto& card) { return "Card" + std::to_string(card.index + 1); });

}  // namespace
}  // namespace whorl::features
