#include "engine/features/face/extract_face.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/features/face/toy_face_model.h"

namespace whorl::features {
namespace {

using testing::toy_picture;
using testing::ToyFace;

std::shared_ptr<const FaceExtractor> toy_extractor() {
  static const auto extractor = FaceExtractor::load(testing::ToyFaceModel().model()).value();
  return extractor;
}

TEST(FaceExtractor, FindsAFaceWhereTheNetworkSaysOneIs) {
  const auto extraction = toy_extractor()->extract(toy_picture({{20, 12}}), Rivals::refuse);
  ASSERT_TRUE(extraction) << describe(extraction.error());
  const DetectedFace& found = extraction->found;
  EXPECT_NEAR(found.confidence, 1, 1e-3);
  EXPECT_NEAR(found.box.centre().x_px, 20.5 * 8, 0.1);
  EXPECT_NEAR(found.box.centre().y_px, 12.5 * 8, 0.1);
  EXPECT_NEAR(found.box.width_px, testing::toy_box_px(128), 0.1);
  EXPECT_NEAR(eye_distance_px(found), testing::toy_eye_distance_px(128), 0.1);
  EXPECT_LT(found.landmarks[right_eye].x_px, found.landmarks[left_eye].x_px);
  EXPECT_NEAR(found.landmarks[left_mouth_corner].y_px, 12.5 * 8 + 1.5 * 16, 0.1);
  EXPECT_EQ(extraction->aligned.width_px, testing::kToyFramePx);
  EXPECT_EQ(extraction->face.model, "toy");
  EXPECT_EQ(extraction->face.quality, extraction->quality.score);
  EXPECT_EQ(extraction->face.vector.size(), std::size_t{testing::kToyDimension});
  double squares = 0;
  for (const float v : extraction->face.vector) squares += double{v} * v;
  EXPECT_NEAR(squares, 1, 1e-6);
}

struct Judged {
  const char* name;
  std::vector<ToyFace> faces;
  Rivals rivals;
  Fault fault;
};
const Judged kRefused[] = {
    {"nobody", {}, Rivals::ignore, Fault::no_face},
    {"below the threshold of 0.5", {{20, 12, 128, 120}}, Rivals::ignore, Fault::no_face},
    {"eyes 11 px apart", {{20, 12, 44}}, Rivals::ignore, Fault::face_too_small},
    {"two of one size", {{8, 12}, {30, 12}}, Rivals::refuse, Fault::many_faces},
    {"landmarks at infinity", {{20, 12, 128, 255, 255}}, Rivals::ignore, Fault::no_face},
};
TEST(FaceExtractor, RefusesWithItsFault) {
  for (const Judged& judged : kRefused) {
    const auto extraction = toy_extractor()->extract(toy_picture(judged.faces), judged.rivals);
    ASSERT_FALSE(extraction) << judged.name;
    EXPECT_EQ(extraction.error().fault, judged.fault) << judged.name;
  }
  const Image too_small = toy_picture({{20, 12, 44}, {5, 5, 40}});
  const auto all = toy_extractor()->extract_all(too_small);
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().fault, Fault::face_too_small);
  EXPECT_EQ(toy_extractor()->extract_all(toy_picture({})).error().fault, Fault::no_face);
}

TEST(FaceExtractor, TakesJustLargeEnoughAFace) {
  EXPECT_TRUE(toy_extractor()->extract(toy_picture({{20, 12, 49}}), Rivals::refuse));
}

TEST(FaceExtractor, ARivalIsRefusedOrNoted) {
  const Image picture = toy_picture({{10, 20, 128}, {28, 20, 120}});
  const auto noted = toy_extractor()->extract(picture, Rivals::ignore);
  ASSERT_TRUE(noted);
  EXPECT_EQ(noted->quality.flaws.front(), FaceFlaw::several_faces);
  EXPECT_EQ(toy_extractor()->extract(picture, Rivals::refuse).error().fault, Fault::many_faces);
  // Half as wide, it is a passer-by.
  const auto alone =
      toy_extractor()->extract(toy_picture({{10, 20, 128}, {28, 20, 80}}), Rivals::refuse);
  ASSERT_TRUE(alone);
  EXPECT_NE(alone->quality.flaws.front(), FaceFlaw::several_faces);
}

TEST(FaceExtractor, ListsTheMainFaceFirstThenFromLeftToRight) {
  const auto all = toy_extractor()->extract_all(
      toy_picture({{34, 5, 80}, {5, 30, 80}, {20, 18, 110}, {14, 35, 80}, {3, 3, 40}}));
  ASSERT_TRUE(all);
  std::vector<int> columns;
  for (const FaceExtraction& one : *all) {
    columns.push_back(static_cast<int>(one.found.box.centre().x_px) / testing::kToyCellPx);
  }
  EXPECT_EQ(columns, (std::vector{20, 5, 14, 34}))
      << "the one of 10 px between its eyes is left out";
}

TEST(FaceExtractor, OfOverlappingBoxesTheSurerStays) {
  const auto all =
      toy_extractor()->extract_all(toy_picture({{20, 18, 110, 200}, {21, 18, 110, 240}}));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 1U);
  EXPECT_NEAR(all->front().found.confidence, 240.0 / 255, 1e-3);
}

TEST(FaceExtractor, ALargePictureIsSearchedShrunkAndAnsweredInItsOwnPixels) {
  Image large{1280, 1280, 3, std::nullopt, {}};
  const Image small = toy_picture({{20, 12}});
  large.samples.resize(std::size_t{1280} * 1280 * 3);
  for (std::size_t y = 0; y < 1280; ++y) {
    for (std::size_t x = 0; x < 1280 * 3; ++x) {
      const std::size_t from = (y / 4 * 320 + x / 12) * 3 + x % 3;
      large.samples[y * 1280 * 3 + x] = small.samples[from];
    }
  }
  // At 640 px a cell of the small picture is four cells; each of them is a face, the first stays.
  const auto found = toy_extractor()->extract(large, Rivals::ignore);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_NEAR(found->found.box.width_px, 2 * testing::toy_box_px(128), 0.2);
  EXPECT_NEAR(eye_distance_px(found->found), 2 * testing::toy_eye_distance_px(128), 0.2);
  const double cell = 2.0 * testing::kToyCellPx;
  const double middle_px = 2 * (20 * 2 + 0.5) * testing::kToyCellPx;
  EXPECT_LE(std::abs(found->found.landmarks[nose_tip].x_px - middle_px), cell + 1);
}

TEST(FaceExtractor, ABatchGivesWhatOneByOneGives) {
  std::vector<Image> pictures;
  for (int i = 0; i < 24; ++i) {
    pictures.push_back(i % 5 == 4 ? toy_picture({}) : toy_picture({{8 + i, 10 + i / 2, 100 + i}}));
  }
  const auto together = toy_extractor()->extract(pictures, Rivals::refuse);
  ASSERT_EQ(together.size(), pictures.size());
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto alone = toy_extractor()->extract(pictures[i], Rivals::refuse);
    ASSERT_EQ(together[i].has_value(), alone.has_value()) << i;
    if (!alone) {
      EXPECT_EQ(together[i].error(), alone.error()) << i;
      continue;
    }
    EXPECT_EQ(together[i]->face, alone->face) << i;
    EXPECT_EQ(together[i]->aligned, alone->aligned) << i;
  }
  EXPECT_TRUE(toy_extractor()->extract(std::span<const Image>(), Rivals::refuse).empty());
}

TEST(FaceExtractor, TakesGreyAndTinyPictures) {
  Image grey{320, 320, 1, std::nullopt, std::vector<std::uint8_t>(320 * 320, 0)};
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) {
      grey.samples[static_cast<std::size_t>((160 + y) * 320 + 160 + x)] = 200;
    }
  }
  const auto found = toy_extractor()->extract(grey, Rivals::refuse);
  // Grey is as blue as it is green: the toy's landmarks are at infinity, and no face is there.
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().fault, Fault::no_face);
  for (const int side : {1, 2, 7, 33}) {
    Image tiny{side, 1, 3, std::nullopt,
               std::vector<std::uint8_t>(static_cast<std::size_t>(3 * side))};
    EXPECT_EQ(toy_extractor()->extract(tiny, Rivals::refuse).error().fault, Fault::no_face) << side;
  }
}

TEST(FaceExtractor, ADetectorWithOtherOutputsIsRefused) {
  testing::ToyFaceModel toy;
  toy.detector = testing::toy_detector_file(4);
  const auto extractor = FaceExtractor::load(toy.model());
  ASSERT_TRUE(extractor) << "what it answers is seen at the first picture";
  const auto extraction = (*extractor)->extract(toy_picture({}), Rivals::refuse);
  ASSERT_FALSE(extraction);
  EXPECT_EQ(extraction.error().fault, Fault::bad_model_output);
  EXPECT_EQ(extraction.error().where, "toy.onnx is no YuNet of 2023");
}

TEST(SharedFaceExtractor, IsReadOnceAndTriedAgainWhereItFailed) {
  testing::ToyFaceModel toy;
  const std::string path = (toy.folder.path() / "toy.toml").string();
  EXPECT_FALSE(shared_face_extractor(path));
  toy.write();
  const auto first = shared_face_extractor(path);
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ(shared_face_extractor(path).value(), *first);
}

}  // namespace
}  // namespace whorl::features
