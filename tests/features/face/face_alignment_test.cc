#include "engine/features/face/face_alignment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace whorl::features {
namespace {

constexpr Landmarks kFrame{{{38, 51}, {73, 51}, {56, 71}, {41, 92}, {70, 92}}};

Similarity2d turned(float scale, float degrees, float dx, float dy) {
  const float radians = degrees * 3.14159265F / 180;
  return {scale * std::cos(radians), scale * std::sin(radians), dx, dy};
}
Landmarks moved(const Landmarks& points, const Similarity2d& motion) {
  Landmarks all;
  for (std::size_t i = 0; i < points.size(); ++i) all[i] = motion(points[i]);
  return all;
}

const Similarity2d kMotions[] = {turned(1, 0, 0, 0), turned(1, 30, 5, -7),
                                 turned(0.2F, -90, 0, 1000), turned(6, 180, -300, 20),
                                 turned(2.5F, -170, 4000, 9000)};

TEST(SimilarityBetween, RecoversTurnScaleAndShift) {
  for (const Similarity2d& motion : kMotions) {
    const Landmarks there = moved(kFrame, motion);
    const Similarity2d found = similarity_between(kFrame, there);
    EXPECT_NEAR(found.scale(), motion.scale(), 1e-4F * motion.scale());
    for (std::size_t i = 0; i < there.size(); ++i) {
      EXPECT_NEAR(found(kFrame[i]).x_px, there[i].x_px, 0.01);
      EXPECT_NEAR(found(kFrame[i]).y_px, there[i].y_px, 0.01);
      EXPECT_NEAR(found.inverse()(there[i]).x_px, kFrame[i].x_px, 0.02);
      EXPECT_NEAR(found.inverse()(there[i]).y_px, kFrame[i].y_px, 0.02);
    }
  }
}

double squared_distance(const Landmarks& a, const Landmarks& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::pow(a[i].x_px - b[i].x_px, 2) + std::pow(a[i].y_px - b[i].y_px, 2);
  }
  return sum;
}

// Where no motion fits exactly, none that is a little different fits better.
TEST(SimilarityBetween, IsTheBestInTheSenseOfLeastSquares) {
  Landmarks there = moved(kFrame, turned(1.5F, 20, 10, 10));
  there[nose_tip].x_px += 9;
  there[left_eye].y_px -= 6;
  const Similarity2d best = similarity_between(kFrame, there);
  const double least = squared_distance(moved(kFrame, best), there);
  EXPECT_GT(least, 1);
  for (const float step : {-0.01F, 0.01F}) {
    for (int which = 0; which < 4; ++which) {
      Similarity2d other = best;
      (which == 0   ? other.a
       : which == 1 ? other.b
       : which == 2 ? other.dx
                    : other.dy) += which < 2 ? step : 10 * step;
      EXPECT_GT(squared_distance(moved(kFrame, other), there), least) << which;
    }
  }
}

TEST(SimilarityBetween, OfOnePointHasNoScale) {
  Landmarks one;
  one.fill({7, 8});
  EXPECT_EQ(similarity_between(one, kFrame).scale(), 0);
}

// Mirror images are not turned over to fit: what comes out turns and shrinks instead.
TEST(SimilarityBetween, NeverReflects) {
  Landmarks mirrored = kFrame;
  for (PointPx& p : mirrored) p.x_px = 112 - p.x_px;
  const Similarity2d found = similarity_between(kFrame, mirrored);
  EXPECT_LT(found.scale(), 0.9F);
}

// 2 x + 3 y + 5: bilinear sampling gives a plane back exactly, to the rounding of what is stored.
Image plane(int width, int height, int channels = 1) {
  Image image{width, height, channels, std::nullopt, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.samples.push_back(static_cast<std::uint8_t>(2 * x + 3 * y + 5 + c));
      }
    }
  }
  return image;
}

TEST(MirrorImage, IsTurnedAboutTheMiddleAndAsLargeAsAsked) {
  const Image picture = plane(21, 15, 3);
  const Image mirrored = mirror_image(picture, 1);
  for (std::size_t y = 0; y < 15; ++y) {
    for (std::size_t x = 0; x < 21 * 3; ++x)
      EXPECT_EQ(mirrored.samples[y * 63 + x], picture.samples[y * 63 + (20 - x / 3) * 3 + x % 3]);
  }
  EXPECT_EQ(mirror_image(mirrored, 1), picture);
  const Image zoomed = mirror_image(picture, 2);
  for (const auto& [x, y] : {std::pair{10, 7}, {4, 7}, {10, 1}, {16, 11}}) {
    const int from_x = 10 - (x - 10) / 2, from_y = 7 + (y - 7) / 2;
    EXPECT_EQ(zoomed.samples[static_cast<std::size_t>(y * 21 + x) * 3],
              picture.samples[static_cast<std::size_t>(from_y * 21 + from_x) * 3]);
  }
}

TEST(Warped, SamplesBetweenPixels) {
  const Image picture = plane(40, 40, 3);
  for (const Similarity2d& from_frame :
       {turned(1, 0, 10.5F, 10.25F), turned(0.5F, 0, 3, 4), turned(0.8F, 25, 14, 6),
        turned(1.4F, -40, 5, 16), turned(0.1F, 90, 20.3F, 7.7F)}) {
    const Image frame = warped(picture, from_frame.inverse(), 12, 9);
    ASSERT_EQ(frame.samples.size(), 12U * 9 * 3);
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 12; ++x) {
        const PointPx at = from_frame({static_cast<float>(x), static_cast<float>(y)});
        for (int c = 0; c < 3; ++c) {
          EXPECT_NEAR(frame.samples[static_cast<std::size_t>((y * 12 + x) * 3 + c)],
                      2 * at.x_px + 3 * at.y_px + 5 + static_cast<float>(c), 0.52);
        }
      }
    }
  }
}

// From a copy made smaller, the same places are seen: a plane's mean is the value at its middle.
TEST(Warped, KeepsPlacesWhereItShrinks) {
  Image picture{400, 300, 1, std::nullopt, {}};
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 400; ++x) {
      picture.samples.push_back(static_cast<std::uint8_t>(x / 4 + y / 3));
    }
  }
  for (const float scale : {2.0F, 3.7F, 6.0F}) {
    const Similarity2d from_frame = turned(scale, 10, 60, 30);
    const Image frame = warped(picture, from_frame.inverse(), 24, 24);
    for (int y = 0; y < 24; ++y) {
      for (int x = 0; x < 24; ++x) {
        const PointPx at = from_frame({static_cast<float>(x), static_cast<float>(y)});
        EXPECT_NEAR(frame.samples[static_cast<std::size_t>(y * 24 + x)],
                    at.x_px / 4 - 0.375F + at.y_px / 3 - 0.333F, 1.1)
            << scale << " at " << x << ", " << y;
      }
    }
  }
}

// A checkerboard of single pixels has no detail at half size: it comes out grey, not as stripes.
TEST(Warped, LeavesNoNoiseOfWhatIsTooFine) {
  Image board{256, 256, 1, std::nullopt, {}};
  for (int i = 0; i < 256 * 256; ++i) { board.samples.push_back((i + i / 256) % 2 == 0 ? 255 : 0); }
  const Image frame = warped(board, turned(0.25F, 0, 0, 0), 64, 64);
  for (int y = 1; y < 63; ++y) {
    for (int x = 1; x < 63; ++x) {
      EXPECT_NEAR(frame.samples[static_cast<std::size_t>(y * 64 + x)], 128, 1);
    }
  }
}

TEST(Warped, IsBlackOutsideThePicture) {
  const Image white{20, 20, 1, std::nullopt, std::vector<std::uint8_t>(400, 255)};
  const Image frame = warped(white, turned(1, 0, 10, 10), 40, 40);
  EXPECT_EQ(frame.samples[0], 0);
  EXPECT_EQ(frame.samples[std::size_t{9} * 40 + 15], 0);
  EXPECT_EQ(frame.samples[std::size_t{10} * 40 + 10], 255);
  EXPECT_EQ(frame.samples[std::size_t{29} * 40 + 29], 255);
  EXPECT_EQ(frame.samples[std::size_t{30} * 40 + 29], 0);
}

// Sanitizers watch what is read.
TEST(Warped, TakesAnyTransformAndAnyPicture) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  const float values[] = {0, 1, -1, 1e-30F, 1e-6F, 1e6F, 1e30F, -1e38F, kInfinite, kNan};
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {9, 1}, {3, 2}, {17, 16}}) {
    const Image picture = plane(width, height, 3);
    for (const float a : values) {
      for (const float b : values) {
        for (const float d : values) {
          for (const Similarity2d motion : {Similarity2d{a, b, d, 1}, Similarity2d{a, b, 1, d}}) {
            const Image frame = warped(picture, motion, 5, 4);
            ASSERT_EQ(frame.samples.size(), 5U * 4 * 3);
          }
        }
      }
    }
  }
}

TEST(Shrunk, HoldsMeansAndLeavesOffWhatDoesNotFill) {
  const Image picture{5, 4, 1, std::nullopt, {0, 2, 10, 20,  99,  //
                                              4, 6, 30, 41,  99,  //
                                              1, 1, 0,  0,   99,  //
                                              1, 2, 0,  255, 99}};
  const Image small = shrunk(picture, 2);
  EXPECT_EQ(small.width_px, 2);
  EXPECT_EQ(small.height_px, 2);
  EXPECT_EQ(small.samples, (std::vector<std::uint8_t>{3, 25, 1, 64})) << "rounded to the nearest";
  EXPECT_EQ(shrunk(picture, 1), picture);
  const Image row = shrunk(picture, 4);
  EXPECT_EQ(row.samples, (std::vector<std::uint8_t>{23})) << "373 / 16";
}

TEST(Shrunk, KeepsChannelsApart) {
  const Image picture{2, 2, 3, std::nullopt, {0, 100, 200, 2, 102, 202, 4, 104, 204, 6, 106, 206}};
  EXPECT_EQ(shrunk(picture, 2).samples, (std::vector<std::uint8_t>{3, 103, 203}));
}

}  // namespace
}  // namespace whorl::features
