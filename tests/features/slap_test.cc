#include "engine/features/fingerprint/slap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/features/fingerprint/slap_cut.h"
#include "tests/features/drawn_slap.h"

namespace whorl::features {
namespace {

using formats::CapturedArea;
using formats::FingerImage;
using test::draw_slap;
using test::DrawnFinger;
using test::mirrored;
using test::right_hand;
using test::turned;
using enum FingerPosition;

constexpr CapturedArea kRightFour = CapturedArea::plain_right_four;
constexpr CapturedArea kLeftFour = CapturedArea::plain_left_four;

std::vector<FingerPosition> positions(const std::vector<SlapFinger>& fingers) {
  std::vector<FingerPosition> all;
  for (const SlapFinger& f : fingers) all.push_back(f.position);
  return all;
}

// Each box lies on its finger's tip, holds it, and leaves the next phalanx out.
void expect_on(const std::vector<SlapFinger>& fingers, const std::vector<DrawnFinger>& drawn,
               double scale = 1) {
  ASSERT_EQ(fingers.size(), drawn.size());
  for (std::size_t i = 0; i < fingers.size(); ++i) {
    const LeaningBox& box = fingers[i].box;
    const DrawnFinger& finger = drawn[i];
    SCOPED_TRACE("finger " + std::to_string(i) + " from the left");
    EXPECT_NEAR(box.centre_x_px / scale, finger.x, 0.15 * finger.width);
    EXPECT_NEAR(box.centre_y_px / scale, finger.y, 0.15 * finger.height);
    EXPECT_NEAR(box.width_px / scale, finger.width + 30, 0.2 * finger.width);
    EXPECT_NEAR(box.height_px / scale, finger.height + 30, 0.2 * finger.height);
    EXPECT_NEAR(box.lean_degrees, finger.lean_degrees, 10);
    EXPECT_EQ(fingers[i].image.width_px, std::lround(box.width_px));
    EXPECT_EQ(fingers[i].image.height_px, std::lround(box.height_px));
  }
}

TEST(Slap, RightHandIsNamedFromIndexToLittle) {
  const auto fingers = segment_slap(draw_slap(right_hand()), kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(positions(*fingers),
            (std::vector{right_index, right_middle, right_ring, right_little}));
  expect_on(*fingers, right_hand());
  for (const SlapFinger& f : *fingers) {
    EXPECT_EQ(f.position_confidence, 1);
    EXPECT_EQ(f.image.ppi, PixelsPerInch{500});
  }
}

TEST(Slap, LeftHandIsNamedFromLittleToIndex) {
  const auto hand = mirrored(right_hand());
  const auto fingers = segment_slap(draw_slap(hand), kLeftFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(positions(*fingers), (std::vector{left_little, left_ring, left_middle, left_index}));
  expect_on(*fingers, hand);
}

class LeaningHand : public ::testing::TestWithParam<int> {};
TEST_P(LeaningHand, IsFoundAndCutUpright) {
  const auto right = turned(right_hand(), GetParam());
  auto fingers = segment_slap(draw_slap(right), kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  expect_on(*fingers, right);
  const auto left = turned(mirrored(right_hand()), GetParam());
  fingers = segment_slap(draw_slap(left), kLeftFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  expect_on(*fingers, left);
}
INSTANTIATE_TEST_SUITE_P(Degrees, LeaningHand,
                         ::testing::Values(-40, -30, -20, -10, 10, 20, 30, 40));

TEST(Slap, TipsWithoutPhalangesAreFound) {
  auto hand = turned(right_hand(), -15);
  for (DrawnFinger& f : hand) f.phalanx = false;
  const auto fingers = segment_slap(draw_slap(hand), kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(fingers->size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR((*fingers)[i].box.centre_x_px, hand[i].x, 30);
    EXPECT_NEAR((*fingers)[i].box.centre_y_px, hand[i].y, 30);
  }
}

struct Resolution {
  double ppi;
};
class SlapAt : public ::testing::TestWithParam<Resolution> {};
TEST_P(SlapAt, KeepsTheResolution) {
  const auto fingers = segment_slap(draw_slap(right_hand(), 6, GetParam().ppi), kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  expect_on(*fingers, right_hand(), GetParam().ppi / 500);
  EXPECT_EQ(fingers->front().image.ppi, PixelsPerInch{GetParam().ppi});
}
INSTANTIATE_TEST_SUITE_P(Ppi, SlapAt,
                         ::testing::Values(Resolution{250}, Resolution{508}, Resolution{1000}));

TEST(Slap, TouchingFingersAreParted) {
  auto hand = right_hand();  // each over its neighbour by a few ridges
  hand[0].x = 430, hand[1].x = 655, hand[2].x = 890, hand[3].x = 1100;
  for (DrawnFinger& f : hand) f.lean_degrees = 0;
  const auto fingers = segment_slap(draw_slap(hand), kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  ASSERT_EQ(fingers->size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR((*fingers)[i].box.centre_x_px, hand[i].x, 35);
    EXPECT_NEAR((*fingers)[i].box.centre_y_px, hand[i].y, 60);
  }
}

TEST(Slap, LightRidgesOnDarkGroundAreRidgesToo) {
  Image image = draw_slap(right_hand());
  for (std::uint8_t& s : image.samples) s = static_cast<std::uint8_t>(255 - s);
  const auto fingers = segment_slap(image, kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  expect_on(*fingers, right_hand());
}

TEST(Slap, NoiseStripesAndHaloesAreNoFingers) {
  Image image = draw_slap(right_hand(), 22);
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < image.width_px; ++x) {
      auto& s = image.samples[static_cast<std::size_t>(y * image.width_px + x)];
      const int lines = x % 400 < 5 || y % 500 < 5 ? 90 : 0;         // a form's
      const int shade = static_cast<int>(25 * std::sin(x / 160.0));  // the platen's
      s = static_cast<std::uint8_t>(std::clamp(int{s} - lines - shade, 0, 255));
    }
  }
  const auto fingers = segment_slap(image, kRightFour);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(fingers->size(), 4U);
}

TEST(Slap, DeclaredMissingFingersAreSkippedInOrder) {
  for (std::size_t gone = 0; gone < 4; ++gone) {
    auto hand = right_hand();
    hand.erase(hand.begin() + static_cast<std::ptrdiff_t>(gone));
    auto names = fingers_shown(kRightFour);
    const FingerPosition missing[] = {names[gone]};
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(gone));
    const auto fingers = segment_slap(draw_slap(hand), kRightFour, missing);
    ASSERT_TRUE(fingers) << describe(fingers.error());
    EXPECT_EQ(positions(*fingers), names);
    expect_on(*fingers, hand);
  }
}

TEST(Slap, RefusesToNameWhenTheNumberIsWrong) {
  auto three = right_hand();
  three.erase(three.begin() + 1);
  const FingerPosition ring[] = {right_ring};
  struct Row {
    std::vector<DrawnFinger> hand;
    CapturedArea area;
    std::span<const FingerPosition> missing;
    std::string_view says;
  };
  for (const Row& row :
       {Row{three, kRightFour, {}, "3 fingertips found, 4 expected"},
        Row{right_hand(), kRightFour, ring, "4 fingertips found, 3 expected"},
        Row{right_hand(), CapturedArea::plain_thumbs, {}, "4 fingertips found, 2 expected"},
        Row{{}, kLeftFour, {}, "0 fingertips found, 4 expected"},
        Row{{}, CapturedArea::unknown, {}, "no fingertips found"}}) {
    const auto fingers = segment_slap(draw_slap(row.hand), row.area, row.missing);
    ASSERT_FALSE(fingers) << row.says;
    EXPECT_EQ(fingers.error().fault, Fault::quality_too_low);
    EXPECT_EQ(fingers.error().where, row.says);
  }
}

TEST(Slap, LeftThumbIsOnTheLeft) {
  const std::vector<DrawnFinger> thumbs = {{420, 500, 360, 470, 4}, {1150, 520, 370, 480, -5}};
  const auto fingers =
      segment_slap(draw_slap(thumbs, 6, 500, 1600, 1200), CapturedArea::plain_thumbs);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(positions(*fingers), (std::vector{left_thumb, right_thumb}));
  expect_on(*fingers, thumbs);
}

TEST(Slap, AHandOfUnknownSideIsToldByItsShape) {
  for (const int lean : {-25, 0, 25}) {
    auto fingers = segment_slap(draw_slap(turned(right_hand(), lean)), CapturedArea::unknown);
    ASSERT_TRUE(fingers) << describe(fingers.error());
    EXPECT_EQ(positions(*fingers), fingers_shown(kRightFour));
    EXPECT_GE(fingers->front().position_confidence, kLeastHandConfidence);
    EXPECT_LT(fingers->front().position_confidence, 1);
    fingers = segment_slap(draw_slap(turned(mirrored(right_hand()), lean)), CapturedArea::unknown);
    ASSERT_TRUE(fingers) << describe(fingers.error());
    EXPECT_EQ(positions(*fingers), fingers_shown(kLeftFour));
  }
}

TEST(Slap, AHandThatCouldBeEitherStaysUnnamed) {
  const std::vector<DrawnFinger> even = {{330, 600, 240, 340, 0},
                                         {650, 500, 240, 340, 0},
                                         {950, 500, 240, 340, 0},
                                         {1270, 600, 240, 340, 0}};
  auto fingers = segment_slap(draw_slap(even), CapturedArea::unknown);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(positions(*fingers), std::vector<FingerPosition>(4, unknown));
  EXPECT_LT(fingers->front().position_confidence, kLeastHandConfidence);
  auto three = right_hand();
  three.pop_back();
  fingers = segment_slap(draw_slap(three), CapturedArea::unknown);
  ASSERT_TRUE(fingers) << describe(fingers.error());
  EXPECT_EQ(positions(*fingers), std::vector<FingerPosition>(3, unknown));
}

TEST(Slap, SayNothingOfPicturesThatAreNone) {
  Image image;
  image.ppi = PixelsPerInch{500};
  EXPECT_EQ(segment_slap(image, kRightFour).error().fault, Fault::empty_input);
  image.width_px = image.height_px = 1, image.samples = {77};
  EXPECT_EQ(segment_slap(image, kRightFour).error().fault, Fault::quality_too_low);
  image.width_px = 2;
  EXPECT_EQ(segment_slap(image, kRightFour).error().fault, Fault::length_mismatch);
  image.width_px = 1, image.ppi = PixelsPerInch{50};
  EXPECT_EQ(segment_slap(image, kRightFour).error().fault, Fault::bad_resolution);
  image.ppi.reset();
  EXPECT_EQ(segment_slap(image, kRightFour).error().fault, Fault::bad_resolution);
  for (const auto& [w, h] :
       {std::pair{1, 900}, std::pair{900, 1}, std::pair{3, 3}, std::pair{800, 9}}) {
    Image thin;
    thin.width_px = w, thin.height_px = h, thin.ppi = PixelsPerInch{500};
    thin.samples.assign(static_cast<std::size_t>(w * h), 0);
    for (std::size_t i = 0; i < thin.samples.size(); i += 2) thin.samples[i] = 255;
    EXPECT_FALSE(segment_slap(thin, kRightFour));
  }
}

TEST(CutOut, AnUprightBoxKeepsItsPixels) {
  const Image image = draw_slap({}, 40, 500, 60, 50);
  const Image part = cut_out(image, {20, 25.5F, 10, 15, 0});
  ASSERT_EQ(part.width_px, 10);
  ASSERT_EQ(part.height_px, 15);
  for (int y = 0; y < 15; ++y) {
    for (int x = 0; x < 10; ++x) {
      EXPECT_EQ(part.samples[static_cast<std::size_t>(10 * y + x)],
                image.samples[static_cast<std::size_t>(60 * (18 + y) + 15 + x)]);
    }
  }
}

TEST(CutOut, WhatLiesBeyondThePictureIsPaper) {
  Image image;
  image.width_px = 8, image.height_px = 8, image.channels = 3;
  image.samples.assign(192, 200);
  for (const std::uint8_t s : cut_out(image, {0, 0, 12, 12, 30}).samples) EXPECT_EQ(s, 200);
}

TEST(CutOut, ALeaningFingerStandsUpright) {
  const DrawnFinger upright{300, 300, 220, 320, 0, false};
  DrawnFinger leaning = upright;
  leaning.lean_degrees = 33;
  const Image straight = draw_slap({upright}, 0, 500, 600, 600);
  const Image turned_back =
      cut_out(draw_slap({leaning}, 0, 500, 600, 600), {300, 300, 200, 300, 33});
  const Image expected = cut_out(straight, {300, 300, 200, 300, 0});
  double error = 0;
  for (std::size_t i = 0; i < expected.samples.size(); ++i) {
    error += std::abs(int{expected.samples[i]} - int{turned_back.samples[i]});
  }
  EXPECT_LT(error / static_cast<double>(expected.samples.size()), 12);
}

FingerImage recorded(const std::vector<DrawnFinger>& hand, CapturedArea area) {
  FingerImage finger;
  finger.image = draw_slap(hand);
  finger.area = area;
  return finger;
}

TEST(FingersIn, OneFingerIsHandedOnAsItIs) {
  FingerImage finger;
  finger.image = draw_slap({{300, 300, 250, 350}}, 6, 500, 600, 700);
  finger.area = CapturedArea::plain_left_thumb;
  const auto fingers = fingers_in(finger);
  ASSERT_TRUE(fingers);
  ASSERT_EQ(fingers->size(), 1U);
  EXPECT_EQ(fingers->front().position, left_thumb);
  EXPECT_EQ(fingers->front().image, finger.image);
  EXPECT_EQ(fingers->front().box, (LeaningBox{300, 350, 600, 700, 0}));
  finger.area = CapturedArea::unknown;
  finger.image.ppi.reset();
  const auto unknown_finger = fingers_in(finger);
  ASSERT_TRUE(unknown_finger);
  EXPECT_EQ(unknown_finger->front().position, unknown);
  EXPECT_EQ(unknown_finger->front().image, finger.image);
}

TEST(FingersIn, AWidePictureOfUnknownAreaMayBeASlap) {
  const auto fingers = fingers_in(recorded(right_hand(), CapturedArea::unknown));
  ASSERT_TRUE(fingers);
  EXPECT_EQ(positions(*fingers), fingers_shown(kRightFour));
  const auto none = fingers_in(recorded({}, CapturedArea::unknown));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->front().image.width_px, 1600);
}

TEST(FingersIn, TheRecordsOwnSegmentsComeFirst) {
  FingerImage finger = recorded(right_hand(), kRightFour);
  finger.missing = {right_ring, right_little};
  finger.segments = {{right_middle, 500, 300, 800, 700, {}}, {right_index, 200, 450, 470, 830, {}}};
  auto fingers = fingers_in(finger);
  ASSERT_TRUE(fingers);
  EXPECT_EQ(positions(*fingers), (std::vector{right_index, right_middle}));
  EXPECT_EQ(fingers->front().box, (LeaningBox{335, 640, 270, 380, 0}));
  EXPECT_EQ(fingers->front().image.width_px, 270);
}

TEST(FingersIn, SegmentsThatCannotBeAreNotBelieved) {
  const formats::FingerSegment good[] = {{right_index, 200, 450, 470, 830, {}},
                                         {right_middle, 500, 300, 800, 700, {}},
                                         {right_ring, 850, 350, 1110, 740, {}},
                                         {right_little, 1150, 640, 1370, 940, {}}};
  FingerImage finger = recorded(right_hand(), kRightFour);
  const auto takes_them = [&](std::size_t changed, formats::FingerSegment segment) {
    finger.segments.assign(std::begin(good), std::end(good));
    finger.segments[changed] = segment;
    const auto fingers = fingers_in(finger);
    return fingers && fingers->front().box.lean_degrees == 0 &&
           fingers->front().box.height_px == 380;
  };
  EXPECT_TRUE(takes_them(3, good[3]));
  EXPECT_FALSE(takes_them(3, {right_index, 1150, 640, 1370, 940, {}})) << "twice the same";
  EXPECT_FALSE(takes_them(3, {left_little, 1150, 640, 1370, 940, {}})) << "not of this hand";
  EXPECT_FALSE(takes_them(3, {right_little, 1150, 640, 1170, 940, {}})) << "1 mm wide";
  EXPECT_FALSE(takes_them(3, {right_little, 860, 360, 1100, 730, {}})) << "on the ring finger";
  EXPECT_FALSE(takes_them(3, {right_little, 100, 10, 1500, 1400, {}})) << "all of the hand";
}

}  // namespace
}  // namespace whorl::features
