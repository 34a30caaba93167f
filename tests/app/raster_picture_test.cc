#include "engine/app/report/raster_picture.h"

#include <gtest/gtest.h>

#include <limits>

namespace whorl::app {
namespace {

using features::Bitmap, features::Field, features::Mask;

Field row_of(std::initializer_list<float> values) {
  Field field(static_cast<int>(values.size()), 1);
  std::copy(values.begin(), values.end(), field.row(0));
  return field;
}

TEST(GreyImage, SpreadsItsRangeFromBlackToWhiteEitherWayRound) {
  const Field field = row_of({-5, 0, 1, 2, 4, 99});
  EXPECT_EQ(grey_image(field, {0, 4}).samples,
            (std::vector<std::uint8_t>{0, 0, 64, 128, 255, 255}));
  EXPECT_EQ(grey_image(field, {4, 0}).samples,
            (std::vector<std::uint8_t>{255, 255, 191, 128, 0, 0}));
  const float most = std::numeric_limits<float>::infinity();
  EXPECT_EQ(grey_image(row_of({-most, most}), {0, 1}).samples, (std::vector<std::uint8_t>{0, 255}));
}

TEST(GreyImage, KeepsTheFieldsShape) {
  const Image image = grey_image(Field(7, 3, 1), {0, 1});
  EXPECT_EQ(image.width_px, 7);
  EXPECT_EQ(image.height_px, 3);
  EXPECT_EQ(image.channels, 1);
  EXPECT_FALSE(image.ppi);
}

TEST(LineImage, DrawsRidgesBlack) {
  Bitmap ridges(3, 1);
  ridges.at(1, 0) = 1;
  EXPECT_EQ(line_image(ridges).samples, (std::vector<std::uint8_t>{255, 0, 255}));
}

TEST(EmbedRaster, GivesAPngThatPagesCarryAndRefusesNothingness) {
  const auto image = embed_raster(grey_image(Field(5, 4, 0.5F), {0, 1}));
  ASSERT_TRUE(image) << describe(image.error());
  EXPECT_EQ(image->width_px, 5U);
  EXPECT_EQ(image->height_px, 4U);
  EXPECT_TRUE(image->data_uri.starts_with("data:image/png;base64,iVBORw0KGgo"));
  EXPECT_EQ(embed_raster(Image{}).error().fault, Fault::out_of_range);
}

double length_of(const std::vector<BorderPiece>& border) {
  double length = 0;
  for (const auto& [from, to] : border) length += (to.x - from.x) + (to.y - from.y);
  return length;
}

TEST(BorderOf, GoesRoundARectangleInFourPieces) {
  Mask mask(6, 5);
  for (int y = 1; y < 4; ++y) {
    for (int x = 2; x < 4; ++x) mask.at(x, y) = 1;
  }
  const auto border = border_of(mask);
  ASSERT_EQ(border.size(), 4U);
  EXPECT_EQ(length_of(border), 2 * (2 + 3));
  EXPECT_EQ(border[0].from.x, 2);
  EXPECT_EQ(border[0].from.y, 1);
  EXPECT_EQ(border[0].to.x, 4);
  EXPECT_EQ(border[0].to.y, 1);
}

TEST(BorderOf, FollowsThePicturesEdgeHolesAndNothing) {
  EXPECT_TRUE(border_of(Mask(4, 3)).empty());
  EXPECT_TRUE(border_of(Mask()).empty());
  Mask full(4, 3, 1);
  EXPECT_EQ(length_of(border_of(full)), 2 * (4 + 3));
  full.at(1, 1) = 0;
  EXPECT_EQ(length_of(border_of(full)), 2 * (4 + 3) + 4);
  Mask corners(2, 2);  // two cells that touch at a corner alone
  corners.at(0, 0) = corners.at(1, 1) = 1;
  EXPECT_EQ(length_of(border_of(corners)), 8);
}

}  // namespace
}  // namespace whorl::app
