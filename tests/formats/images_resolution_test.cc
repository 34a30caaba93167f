// What each format says of its resolution, and the rule of docs/formats/images.md.

#include <gtest/gtest.h>

#include <limits>

#include "engine/formats/images/raster.h"
#include "engine/formats/images/read_image.h"
#include "tests/support/encode_images.h"

namespace whorl::formats {
namespace {

using test::Density;

const test::Samples kPixel{1, 1, 1, 8, {7}};

TEST(Resolution, RoundedValuesComeBackWhole) {
  struct Row {
    double x, y, ppi;  // 0: the file does not say
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Row& row : {
           Row{500, 500, 500},
           Row{499.999, 499.999, 500},
           Row{197 * 2.54, 197 * 2.54, 500},
           Row{98 * 2.54, 98 * 2.54, 250},
           Row{394 * 2.54, 394 * 2.54, 1000},
           Row{1202, 1202, 1200},
           Row{502.5, 502.5, 500},
           Row{502.6, 502.6, 502.6},
           Row{569, 569, 569},
           Row{568, 572, 570},
           Row{99, 99, 99},
           Row{98.9, 98.9, 0},
           Row{72, 72, 0},
           Row{96, 96, 0},
           Row{1207, 1207, 0},
           Row{0, 0, 0},
           Row{0, 500, 0},
           Row{500, -1, 0},
           Row{kInfinity, kInfinity, 0},
           Row{std::numeric_limits<double>::quiet_NaN(), 500, 0},
       }) {
    const auto ppi = resolution_of(row.x, row.y, 0);
    ASSERT_TRUE(ppi) << row.x;
    EXPECT_EQ(ppi->has_value(), row.ppi != 0) << row.x;
    if (row.ppi != 0) { EXPECT_DOUBLE_EQ((*ppi)->value(), row.ppi); }
  }
}

TEST(Resolution, PixelsThatAreNotSquareAreRefused) {
  for (const auto& [x, y] : {std::pair(500.0, 494.9), {494.9, 500.0}, {204.0, 98.0}, {72, 96}}) {
    const auto ppi = resolution_of(x, y, 12);
    ASSERT_FALSE(ppi);
    EXPECT_EQ(ppi.error(), (Error{Fault::bad_resolution, 12, {}}));
  }
  EXPECT_TRUE(resolution_of(500, 495.1, 0));
}

struct Row {
  const char* what;
  Density density;
  double ppi;  // 0: the file does not say; negative: bad_resolution
};

void expect_ppi(const Result<Image>& image, const Row& row) {
  SCOPED_TRACE(row.what);
  if (row.ppi < 0) {
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().fault, Fault::bad_resolution);
    return;
  }
  ASSERT_TRUE(image) << describe(image.error());
  ASSERT_EQ(image->ppi.has_value(), row.ppi != 0);
  if (row.ppi != 0) { EXPECT_DOUBLE_EQ(image->ppi->value(), row.ppi); }
}

TEST(Resolution, OfPng) {
  for (const Row& row : {
           Row{"metre", {1, 19685, 19685}, 500},
           Row{"metre", {1, 39370, 39370}, 1000},
           Row{"metre", {1, 22402, 22402}, 22402 * 0.0254},
           Row{"screen", {1, 2835, 2835}, 0},
           Row{"not square", {1, 19685, 9000}, -1},
           Row{"ratio", {0, 1, 1}, 0},
           Row{"bad ratio", {0, 2, 1}, -1},
       }) {
    test::PngOptions options;
    options.density = row.density;
    expect_ppi(read_image(encode_png(kPixel, options)), row);
  }
  expect_ppi(read_image(encode_png(kPixel, {})), {"none", {}, 0});
}

TEST(Resolution, OfJpeg) {
  for (const Row& row : {
           Row{"inch", {1, 500, 500}, 500},
           Row{"cm", {2, 197, 197}, 500},
           Row{"cm", {2, 200, 200}, 508},
           Row{"screen", {1, 72, 72}, 0},
           Row{"none", {0, 1, 1}, 0},
           Row{"zero", {1, 0, 0}, 0},
           Row{"not square", {1, 500, 250}, -1},
       }) {
    test::JpegOptions options;
    options.density = row.density;
    expect_ppi(read_image(encode_jpeg(kPixel, options)), row);
  }
}

TEST(Resolution, OfTiff) {
  for (const Row& row : {
           Row{"inch", {2, 500, 500}, 500},
           Row{"inch", {2, 569, 569}, 569},
           Row{"cm", {3, 196.85, 196.85}, 500},
           Row{"fax", {2, 204, 98}, -1},
           Row{"ratio", {1, 500, 500}, 0},
           Row{"bad ratio", {1, 1, 2}, -1},
           Row{"screen", {2, 96, 96}, 0},
       }) {
    test::TiffOptions options;
    options.density = row.density;
    expect_ppi(read_image(encode_tiff(kPixel, options)), row);
  }
  expect_ppi(read_image(encode_tiff(kPixel)), {"none", {}, 0});
}

TEST(Resolution, OfBmp) {
  for (const Row& row : {
           Row{"metre", {0, 19685, 19685}, 500},
           Row{"none", {0, 0, 0}, 0},
           Row{"negative", {0, -5, -5}, 0},
           Row{"not square", {0, 19685, 39370}, -1},
       }) {
    test::BmpOptions options;
    options.palette = {{0, 0, 0}, {1, 1, 1}, {2, 2, 2}, {3, 3, 3},
                       {4, 4, 4}, {5, 5, 5}, {6, 6, 6}, {7, 7, 7}};
    options.x_per_metre = static_cast<int>(row.density.x);
    options.y_per_metre = static_cast<int>(row.density.y);
    expect_ppi(read_image(encode_bmp(kPixel, options)), row);
  }
}

TEST(Resolution, OfJpeg2000) {
  const Bytes capture = test::jpeg2000_resolution("resc", 19685, 19685);
  const Bytes display = test::jpeg2000_resolution("resd", 39370, 39370);
  const Bytes slanted = test::jpeg2000_resolution("resc", 19685, 39370);
  struct Boxes {
    const char* what;
    std::vector<Bytes> boxes;
    double ppi;
  };
  for (const Boxes& row :
       {Boxes{"none", {}, 0}, Boxes{"capture", {capture}, 500}, Boxes{"display", {display}, 1000},
        Boxes{"both", {display, capture}, 500}, Boxes{"not square", {slanted}, -1}}) {
    test::Jpeg2000Options options;
    options.boxes = row.boxes;
    expect_ppi(read_image(encode_jpeg2000(kPixel, options)), {row.what, {}, row.ppi});
  }
}

TEST(Orientation, UnknownOnesLeaveThePictureAlone) {
  const Image image{2, 1, 1, PixelsPerInch{500}, {1, 2}};
  for (const int orientation : {-1, 0, 1, 9, 1000}) {
    EXPECT_EQ(turned_upright(image, orientation), image);
  }
  EXPECT_EQ(turned_upright(image, 6), (Image{1, 2, 1, PixelsPerInch{500}, {1, 2}}));
  EXPECT_EQ(turned_upright(image, 8), (Image{1, 2, 1, PixelsPerInch{500}, {2, 1}}));
}

}  // namespace
}  // namespace whorl::formats
