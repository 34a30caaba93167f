// Every format in its variants, written with the libraries themselves (tests/support) and read
// back. This file is long because the formats share what makes samples and says what comes out.

#include <gtest/gtest.h>

#include <cmath>

#include "engine/formats/images/raster.h"
#include "engine/formats/images/read_image.h"
#include "engine/formats/images/write_image.h"
#include "tests/support/encode_images.h"

namespace whorl::formats {
namespace {

using test::Colour16;
using test::random_samples;
using test::Samples;

struct Size {
  int width_px, height_px;
};
constexpr Size kSizes[] = {{1, 1}, {1, 19}, {19, 1}, {7, 5}, {8, 8}, {33, 65}, {100, 31}};

// The slow definition: sample by sample to 8 bits.
std::uint8_t eight_bits(unsigned value, int bits) {
  const double max = std::pow(2.0, bits) - 1;
  return static_cast<std::uint8_t>(std::lround(value / max * 255));
}
std::uint8_t on_white(std::uint8_t value, std::uint8_t alpha) {
  return static_cast<std::uint8_t>(std::lround((value * alpha + 255.0 * (255 - alpha)) / 255));
}

// The first `colours` channels; a channel behind them is alpha.
Image expected_image(const Samples& samples, int colours) {
  Image image{samples.width_px, samples.height_px, colours, std::nullopt, {}};
  for (int y = 0; y < samples.height_px; ++y) {
    for (int x = 0; x < samples.width_px; ++x) {
      for (int c = 0; c < colours; ++c) {
        const std::uint8_t value = eight_bits(samples.at(x, y, c), samples.bits);
        image.samples.push_back(
            samples.channels == colours
                ? value
                : on_white(value, eight_bits(samples.at(x, y, colours), samples.bits)));
      }
    }
  }
  return image;
}

Image looked_up(const Samples& samples, const std::vector<Colour16>& palette) {
  Image image{samples.width_px, samples.height_px, 3, std::nullopt, {}};
  for (const std::uint16_t index : samples.values) {
    for (const std::uint16_t value :
         {palette[index].red, palette[index].green, palette[index].blue}) {
      image.samples.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return image;
}

std::vector<Colour16> colours(int count) {
  std::vector<Colour16> palette;
  for (int i = 0; i < count; ++i) {
    palette.push_back({static_cast<std::uint16_t>(i * 37 % 256),
                       static_cast<std::uint16_t>(255 - i * 11 % 256),
                       static_cast<std::uint16_t>(i * 5 % 256)});
  }
  return palette;
}

void expect_same(const Result<Image>& read, const Image& expected) {
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->width_px, expected.width_px);
  EXPECT_EQ(read->height_px, expected.height_px);
  ASSERT_EQ(read->channels, expected.channels);
  EXPECT_TRUE(read->samples == expected.samples);
}

void expect_close(const Result<Image>& read, const Image& expected, int most) {
  ASSERT_TRUE(read) << describe(read.error());
  ASSERT_EQ(read->channels, expected.channels);
  ASSERT_EQ(read->samples.size(), expected.samples.size());
  int worst = 0;
  for (std::size_t i = 0; i < expected.samples.size(); ++i) {
    worst = std::max(worst, std::abs(read->samples[i] - expected.samples[i]));
  }
  EXPECT_LE(worst, most);
}

// --- PNG

TEST(Png, EveryDepthAndColourIsRead) {
  struct Row {
    int colour_type, channels, colours, bits;
  };
  SeededRandom random(1);
  for (const Row& row :
       {Row{0, 1, 1, 1}, Row{0, 1, 1, 2}, Row{0, 1, 1, 4}, Row{0, 1, 1, 8}, Row{0, 1, 1, 16},
        Row{2, 3, 3, 8}, Row{2, 3, 3, 16}, Row{4, 2, 1, 8}, Row{6, 4, 3, 8}}) {
    for (const Size& size : kSizes) {
      for (const bool interlaced : {false, true}) {
        SCOPED_TRACE(testing::Message() << row.colour_type << " of " << row.bits);
        const Samples samples =
            random_samples(random, size.width_px, size.height_px, row.channels, row.bits);
        test::PngOptions options;
        options.colour_type = row.colour_type;
        options.interlaced = interlaced;
        expect_same(read_image(encode_png(samples, options)), expected_image(samples, row.colours));
      }
    }
  }
}

TEST(Png, PalettesAreLookedUp) {
  SeededRandom random(2);
  for (const int bits : {1, 2, 4, 8}) {
    for (const Size& size : kSizes) {
      const Samples samples = random_samples(random, size.width_px, size.height_px, 1, bits);
      test::PngOptions options;
      options.colour_type = 3;
      options.palette = colours(1 << bits);
      expect_same(read_image(encode_png(samples, options)), looked_up(samples, options.palette));
    }
  }
}

TEST(Png, TransparencyIsLaidOnWhite) {
  test::PngOptions palette;
  palette.colour_type = 3;
  palette.palette = {{10, 20, 30}, {40, 50, 60}};
  palette.palette_alpha = {0};  // the second is opaque
  expect_same(read_image(encode_png(Samples{2, 1, 1, 8, {0, 1}}, palette)),
              Image{2, 1, 3, std::nullopt, {255, 255, 255, 40, 50, 60}});
  test::PngOptions grey;
  grey.transparent = Colour16{7, 7, 7};
  expect_same(read_image(encode_png(Samples{2, 1, 1, 8, {7, 8}}, grey)),
              Image{2, 1, 1, std::nullopt, {255, 8}});
}

TEST(Png, WhatIsWrittenIsReadBack) {
  SeededRandom random(3);
  for (const Size& size : kSizes) {
    for (const int channels : {1, 3}) {
      Image image = expected_image(
          random_samples(random, size.width_px, size.height_px, channels, 8), channels);
      for (const auto ppi :
           {std::optional<PixelsPerInch>{}, std::optional(PixelsPerInch{500}),
            std::optional(PixelsPerInch{1000}), std::optional(PixelsPerInch{569})}) {
        image.ppi = ppi;
        const auto read = read_image(formats::encode_png(image).value());
        expect_same(read, image);
        ASSERT_EQ(read->ppi.has_value(), ppi.has_value());
        if (ppi) { EXPECT_NEAR(read->ppi->value(), ppi->value(), 0.0254 / 2); }
      }
      const auto pnm = read_image(encode_pnm(image).value());
      expect_same(pnm, image);
      EXPECT_FALSE(pnm->ppi);
    }
  }
}

TEST(WriteImage, RefusesWhatIsNoPicture) {
  EXPECT_EQ(formats::encode_png(Image{}).error().fault, Fault::out_of_range);
  EXPECT_EQ(formats::encode_png(Image{1, 1, 2, {}, {0, 0}}).error().fault, Fault::unsupported);
  EXPECT_EQ(encode_pnm(Image{30'000, 1, 1, {}, std::vector<std::uint8_t>(30'000)}).error().fault,
            Fault::limit_exceeded);
}

// --- JPEG

// Some telephones leave the end of a scan's header 0, which means something in progressive ones
// alone.
TEST(Jpeg, AScansUnusedFieldsMayBeZero) {
  SeededRandom random(9);
  for (const int channels : {1, 3}) {
    Bytes jpeg = test::encode_jpeg(random_samples(random, 40, 24, channels, 8));
    const auto whole = read_image(jpeg);
    ASSERT_TRUE(whole);
    const std::byte marker[] = {std::byte{0xFF}, std::byte{0xDA}};
    const auto scan = std::search(jpeg.begin(), jpeg.end(), std::begin(marker), std::end(marker));
    ASSERT_NE(scan, jpeg.end());
    const auto unused = scan + 5 + 2 * channels;
    ASSERT_EQ(unused[1], std::byte{63});
    std::fill_n(unused, 3, std::byte{0});
    expect_same(read_image(jpeg), *whole);
  }
}

TEST(Jpeg, GreyAndColourAreRead) {
  for (const Size& size : kSizes) {
    for (const int channels : {1, 3}) {
      const Samples samples = test::soft_samples(size.width_px, size.height_px, channels);
      const Image expected = expected_image(samples, channels);
      const auto baseline = read_image(test::encode_jpeg(samples));
      expect_close(baseline, expected, channels == 1 ? 4 : 8);
      test::JpegOptions options;
      options.progressive = true;
      expect_same(read_image(encode_jpeg(samples, options)), *baseline);
      options.subsampled = true;
      expect_close(read_image(encode_jpeg(samples, options)), expected, 40);
    }
  }
}

TEST(Jpeg, InksBecomeColours) {
  const Samples samples = test::soft_samples(33, 20, 4);
  Image expected{33, 20, 3, std::nullopt, {}};
  for (std::size_t i = 0; i < samples.values.size(); i += 4) {
    for (std::size_t c = 0; c < 3; ++c) {
      expected.samples.push_back(
          static_cast<std::uint8_t>(samples.values[i + c] * samples.values[i + 3] / 255));
    }
  }
  test::JpegOptions options;
  options.quality = 100;
  expect_close(read_image(encode_jpeg(samples, options)), expected, 6);
}

Bytes exif_of(int orientation, bool little) {
  ByteWriter out;
  out.text("Exif");
  out.u16(0);
  const auto u16 = [&](unsigned v) { out.u16(little ? (v << 8U | v >> 8U) & 0xFFFFU : v); };
  const auto u32 = [&](unsigned v) { little ? (u16(v), u16(0)) : (u16(0), u16(v)); };
  out.text(little ? "II" : "MM");
  u16(42), u32(8), u16(2);
  u16(0x010F), u16(2), u32(1), u32(0);  // another tag before it
  u16(0x0112), u16(3), u32(1), u16(static_cast<unsigned>(orientation)), u16(0);
  return out.take();
}

// What column and row of the stored picture an upright pixel comes from, in TIFF's own words.
Size stored_place(int orientation, Size stored, int x, int y) {
  const int right = stored.width_px - 1, bottom = stored.height_px - 1;
  switch (orientation) {
    case 2:
      return {right - x, y};
    case 3:
      return {right - x, bottom - y};
    case 4:
      return {x, bottom - y};
    case 5:
      return {y, x};
    case 6:
      return {y, bottom - x};
    case 7:
      return {right - y, bottom - x};
    case 8:
      return {right - y, x};
    default:
      return {x, y};
  }
}

Image upright(const Image& stored, int orientation) {
  const bool sideways = orientation >= 5;
  Image image = stored;
  if (sideways) std::swap(image.width_px, image.height_px);
  image.samples.clear();
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < image.width_px; ++x) {
      const Size from = stored_place(orientation, {stored.width_px, stored.height_px}, x, y);
      for (int c = 0; c < image.channels; ++c) {
        image.samples.push_back(stored.samples[static_cast<std::size_t>(
            (std::int64_t{from.height_px} * stored.width_px + from.width_px) * image.channels +
            c)]);
      }
    }
  }
  return image;
}

TEST(Orientation, JpegAndTiffAreTurnedUpright) {
  SeededRandom random(4);
  const Samples samples = random_samples(random, 24, 16, 3, 8);
  const auto plain = read_image(test::encode_jpeg(samples));
  ASSERT_TRUE(plain);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    test::TiffOptions tiff;
    tiff.orientation = orientation;
    expect_same(read_image(encode_tiff(samples, tiff)),
                upright(expected_image(samples, 3), orientation));
    for (const bool little : {false, true}) {
      test::JpegOptions jpeg;
      jpeg.exif = exif_of(orientation, little);
      expect_same(read_image(encode_jpeg(samples, jpeg)), upright(*plain, orientation));
    }
  }
}

// --- JPEG 2000

TEST(Jpeg2000, EveryDepthIsReadWithAndWithoutBoxes) {
  SeededRandom random(5);
  for (const Size& size : kSizes) {
    for (const int bits : {1, 4, 8, 12, 16}) {
      for (const int channels : {1, 3}) {
        SCOPED_TRACE(testing::Message() << channels << " x " << bits << " bits, " << size.width_px
                                        << " x " << size.height_px);
        const Samples samples =
            random_samples(random, size.width_px, size.height_px, channels, bits);
        test::Jpeg2000Options options;
        options.tile_px = bits == 8 ? 16 : 0;
        options.layers = bits == 8 ? 3 : 1;
        expect_same(read_image(encode_jpeg2000(samples, options)),
                    expected_image(samples, channels));
        options.boxed = false;
        expect_same(read_image(encode_jpeg2000(samples, options)),
                    expected_image(samples, channels));
      }
    }
  }
}

TEST(Jpeg2000, SignedSamplesHaveTheirMiddleAtZero) {
  SeededRandom random(9);
  for (const int bits : {8, 12, 16}) {
    const Samples samples = random_samples(random, 20, 10, 1, bits);
    test::Jpeg2000Options options;
    options.is_signed = true;
    expect_same(read_image(encode_jpeg2000(samples, options)), expected_image(samples, 1));
  }
}

TEST(Jpeg2000, AlphaAndChromaAreUnderstood) {
  SeededRandom random(6);
  for (const int channels : {2, 4}) {
    test::Jpeg2000Options options;
    options.alpha = true;
    const Samples samples = random_samples(random, 20, 10, channels, 8);
    expect_same(read_image(encode_jpeg2000(samples, options)),
                expected_image(samples, channels - 1));
  }
  test::Jpeg2000Options options;
  options.luma_and_chroma = true;
  expect_same(read_image(encode_jpeg2000(Samples{2, 1, 3, 8, {76, 85, 255, 9, 128, 128}}, options)),
              Image{2, 1, 3, std::nullopt, {254, 0, 0, 9, 9, 9}});
}

// --- BMP and PNM

TEST(Bmp, AnAlphaThatIsZeroThroughoutIsNone) {
  SeededRandom random(8);
  Samples samples = random_samples(random, 5, 3, 4, 8);
  for (std::size_t at = 3; at < samples.values.size(); at += 4) samples.values[at] = 0;
  test::BmpOptions options;
  options.alpha = true;
  const auto hidden = read_image(encode_bmp(samples, options));
  for (std::size_t at = 3; at < samples.values.size(); at += 4) samples.values[at] = 255;
  expect_same(hidden, expected_image(samples, 3));
}

TEST(Bmp, EveryDepthIsRead) {
  SeededRandom random(7);
  for (const Size& size : kSizes) {
    for (const bool top_down : {false, true}) {
      test::BmpOptions options;
      options.top_down = top_down;
      for (const int channels : {3, 4}) {
        Samples samples = random_samples(random, size.width_px, size.height_px, channels, 8);
        options.alpha = channels == 4;
        expect_same(read_image(encode_bmp(samples, options)), expected_image(samples, 3));
      }
      options.alpha = false;
      for (const int bits : {1, 4, 8}) {
        const Samples samples = random_samples(random, size.width_px, size.height_px, 1, bits);
        options.palette = colours(1 << bits);
        options.core = false;
        expect_same(read_image(encode_bmp(samples, options)), looked_up(samples, options.palette));
        options.core = !top_down;
        expect_same(read_image(encode_bmp(samples, options)), looked_up(samples, options.palette));
      }
    }
  }
}

TEST(Pnm, TextIsRead) {
  struct Row {
    const char* text;
    Image image;
  };
  for (const Row& row : {
           Row{"P2 2 1 255 0 255\n", {2, 1, 1, {}, {0, 255}}},
           Row{"P2\n# made by hand\n1 2\n# white is 1\n1\n0\n1\n", {1, 2, 1, {}, {0, 255}}},
           Row{"P2\r\n3\t1 3\r\n0 1 2\r\n", {3, 1, 1, {}, {0, 85, 170}}},
           Row{"P3 1 1 65535 0 65535 32768 ", {1, 1, 3, {}, {0, 255, 128}}},
           Row{"P5 2 1 15\n\x0F\x05", {2, 1, 1, {}, {255, 85}}},
           Row{"P5#\n1 1 300\n\x01\x2C", {1, 1, 1, {}, {255}}},
           Row{"P6 1 1 255\nabc trailing", {1, 1, 3, {}, {'a', 'b', 'c'}}},
       }) {
    expect_same(read_image(as_bytes(row.text)), row.image);
  }
}

// A palette of greys is how many programs store a grey picture.
TEST(Palettes, OfGreysGiveGrey) {
  SeededRandom random(8);
  const Samples samples = random_samples(random, 13, 9, 1, 8);
  std::vector<Colour16> greys, wide;
  for (std::uint16_t i = 0; i < 256; ++i) {
    const auto wide_grey = static_cast<std::uint16_t>(i * 257);
    greys.push_back({i, i, i});
    wide.push_back({wide_grey, wide_grey, wide_grey});
  }
  test::PngOptions png;
  png.colour_type = 3;
  png.palette = greys;
  test::BmpOptions bmp;
  bmp.palette = greys;
  test::TiffOptions tiff;
  tiff.photometric = 3;
  tiff.palette = wide;
  const Image expected = expected_image(samples, 1);
  expect_same(read_image(encode_png(samples, png)), expected);
  expect_same(read_image(encode_bmp(samples, bmp)), expected);
  expect_same(read_image(encode_tiff(samples, tiff)), expected);
  tiff.palette = greys;  // written by programs that took 8 bits for 16
  expect_same(read_image(encode_tiff(samples, tiff)), expected);
}

}  // namespace
}  // namespace whorl::formats
