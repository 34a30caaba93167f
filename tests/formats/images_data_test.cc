// Pictures that other people's programs wrote.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "engine/formats/images/read_image.h"
#include "tests/support/test_data.h"

namespace whorl::formats {
namespace {

using test::file_bytes;

// One print in three formats. PNG and BMP agree to the sample, JPEG to what it lost.
TEST(ImageData, OnePrintInThreeFormatsIsOnePicture) {
  WHORL_DATA_OR_SKIP(folder, "interop/sourceafis");
  const auto png = read_image(file_bytes(folder / "probe.png"));
  ASSERT_TRUE(png) << describe(png.error());
  EXPECT_EQ(png->width_px, 388);
  EXPECT_EQ(png->height_px, 374);
  const auto bmp = read_image(file_bytes(folder / "probe.bmp"));
  ASSERT_TRUE(bmp) << describe(bmp.error());
  EXPECT_TRUE(bmp->samples == png->samples);
  const auto jpeg = read_image(file_bytes(folder / "probe.jpeg"));
  ASSERT_TRUE(jpeg) << describe(jpeg.error());
  ASSERT_EQ(jpeg->samples.size(), png->samples.size());
  double squares = 0;
  for (std::size_t i = 0; i < png->samples.size(); ++i) {
    squares += std::pow(jpeg->samples[i] - png->samples[i], 2);
  }
  EXPECT_LT(std::sqrt(squares / static_cast<double>(png->samples.size())), 12);
}

TEST(ImageData, APaletteOfGreysIsGrey) {
  WHORL_DATA_OR_SKIP(path, "interop/sourceafis/wsq-converted.png");
  const auto image = read_image(file_bytes(path));
  ASSERT_TRUE(image) << describe(image.error());
  EXPECT_EQ(image->channels, 1);
  EXPECT_EQ(image->width_px, 832);
}

TEST(ImageData, ACertifiedJpeg2000KnowsItsResolution) {
  WHORL_DATA_OR_SKIP(path, "interop/libbiomeval/img.jp2");
  const auto bytes = file_bytes(path);
  const auto image = read_image(bytes);
  ASSERT_TRUE(image) << describe(image.error());
  EXPECT_EQ(image->width_px, 908);
  EXPECT_EQ(image->height_px, 1007);
  EXPECT_EQ(image->channels, 1);
  EXPECT_EQ(image->ppi, PixelsPerInch{1000});
  for (std::size_t percent = 1; percent < 100; ++percent) {
    const auto cut = read_image(std::span(bytes).first(bytes.size() * percent / 100));
    ASSERT_FALSE(cut) << percent;
    EXPECT_EQ(cut.error().fault, Fault::truncated) << percent;
  }
}

TEST(ImageData, EveryPrintIsRead) {
  WHORL_DATA_OR_SKIP(folder, "fingerprints");
  int prints = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    const auto image = read_image(file_bytes(entry.path()));
    ASSERT_TRUE(image) << describe(image.error());
    // No print is of one tone. The palest four carry themselves as alpha too, and fade on white.
    const auto [darkest, lightest] =
        std::minmax_element(image->samples.begin(), image->samples.end());
    EXPECT_GT(*lightest - *darkest, 30);
    ++prints;
  }
  EXPECT_GE(prints, 560);
}

TEST(ImageData, EveryFaceIsRead) {
  WHORL_DATA_OR_SKIP(folder, "faces/color_small");
  int faces = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".jpg") continue;
    const auto image = read_image(file_bytes(entry.path()));
    ASSERT_TRUE(image) << describe(image.error());
    EXPECT_EQ(image->channels, 3);
    // Skin is redder than it is blue: channels in the wrong order would show.
    double red = 0, blue = 0;
    for (std::size_t i = 0; i < image->samples.size(); i += 3) {
      red += image->samples[i];
      blue += image->samples[i + 2];
    }
    faces += static_cast<int>(red > blue);
  }
  EXPECT_GE(faces, 80);
}

}  // namespace
}  // namespace whorl::formats
