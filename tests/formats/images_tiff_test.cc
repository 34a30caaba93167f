// TIFF in its many variants.

#include <gtest/gtest.h>

#include <cmath>

#include "engine/formats/images/read_image.h"
#include "tests/support/encode_images.h"

namespace whorl::formats {
namespace {

using test::random_samples;
using test::Samples;
using test::TiffOptions;

constexpr int kNone = 1, kFaxRuns = 2, kFax3 = 3, kFax4 = 4, kLzw = 5, kJpeg = 7, kDeflate = 8,
              kPackBits = 32773, kOldDeflate = 32946;
constexpr int kWhiteIsZero = 0, kPalette = 3, kYcc = 6;
constexpr int kPremultiplied = 1, kAlpha = 2;

std::uint8_t eight_bits(unsigned value, int bits) {
  return static_cast<std::uint8_t>(
      std::lround(value * 255.0 / ((1U << static_cast<unsigned>(bits)) - 1)));
}

Image plain_image(const Samples& samples) {
  Image image{samples.width_px, samples.height_px, samples.channels, std::nullopt, {}};
  for (const std::uint16_t value : samples.values) {
    image.samples.push_back(eight_bits(value, samples.bits));
  }
  return image;
}

void expect_same(const Result<Image>& read, const Image& expected) {
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->width_px, expected.width_px);
  EXPECT_EQ(read->height_px, expected.height_px);
  ASSERT_EQ(read->channels, expected.channels);
  EXPECT_TRUE(read->samples == expected.samples);
}

TEST(Tiff, EveryDepthInStripsAndTilesIsRead) {
  SeededRandom random(1);
  for (const auto& [width, height] : {std::pair(1, 1), {31, 17}, {64, 16}, {5, 50}}) {
    for (const int bits : {1, 2, 4, 8, 16}) {
      for (const int channels : {1, 3}) {
        const Samples samples = random_samples(random, width, height, channels, bits);
        for (const int tile_px : {0, 16, 48}) {
          for (const bool planes : {false, true}) {
            for (const bool big : {false, true}) {
              SCOPED_TRACE(testing::Message() << bits << " bits, tile " << tile_px);
              TiffOptions options;
              options.tile_px = tile_px;
              options.planes = planes;
              options.big = options.big_endian = big;
              expect_same(read_image(encode_tiff(samples, options)), plain_image(samples));
            }
          }
        }
      }
    }
  }
}

TEST(Tiff, EveryCompressionIsRead) {
  SeededRandom random(2);
  struct Row {
    int compression, bits;
  };
  for (const Row& row :
       {Row{kNone, 8}, Row{kFaxRuns, 1}, Row{kFax3, 1}, Row{kFax4, 1}, Row{kLzw, 8}, Row{kLzw, 16},
        Row{kDeflate, 8}, Row{kDeflate, 1}, Row{kOldDeflate, 16}, Row{kPackBits, 4}}) {
    SCOPED_TRACE(row.compression);
    const Samples samples = random_samples(random, 45, 33, 1, row.bits);
    TiffOptions options;
    options.compression = row.compression;
    expect_same(read_image(encode_tiff(samples, options)), plain_image(samples));
  }
}

TEST(Tiff, JpegInsideIsRead) {
  for (const int channels : {1, 3}) {
    for (const int tile_px : {0, 16}) {
      const Samples samples = test::soft_samples(45, 33, channels);
      TiffOptions options;
      options.compression = kJpeg;
      options.rows_per_strip = 16;
      options.tile_px = tile_px;
      if (channels == 3) options.photometric = kYcc;
      const auto read = read_image(encode_tiff(samples, options));
      ASSERT_TRUE(read) << describe(read.error());
      ASSERT_EQ(read->samples.size(), samples.values.size());
      double difference = 0;
      for (std::size_t i = 0; i < samples.values.size(); ++i) {
        difference += std::abs(read->samples[i] - samples.values[i]);
      }
      EXPECT_LT(difference / static_cast<double>(samples.values.size()), 4);
    }
  }
}

TEST(Tiff, WhiteIsZeroIsTurnedRound) {
  SeededRandom random(3);
  for (const int bits : {1, 8, 16}) {
    const Samples samples = random_samples(random, 20, 9, 1, bits);
    TiffOptions options;
    options.photometric = kWhiteIsZero;
    Image expected = plain_image(samples);
    for (std::uint8_t& sample : expected.samples) sample = static_cast<std::uint8_t>(255 - sample);
    expect_same(read_image(encode_tiff(samples, options)), expected);
  }
}

TEST(Tiff, ColoursAreUnderstood) {
  TiffOptions palette;
  palette.photometric = kPalette;
  palette.palette = {{0, 0, 65535}, {257, 514, 771}, {65535, 0, 0}, {32896, 0, 0}};
  expect_same(read_image(encode_tiff(Samples{2, 2, 1, 2, {0, 1, 2, 3}}, palette)),
              Image{2, 2, 3, {}, {0, 0, 255, 1, 2, 3, 255, 0, 0, 128, 0, 0}});
  expect_same(read_image(encode_tiff(Samples{2, 1, 4, 8, {0, 255, 0, 0, 0, 0, 0, 100}})),
              Image{2, 1, 3, {}, {255, 0, 255, 155, 155, 155}});
}

TEST(Tiff, AlphaIsLaidOnWhite) {
  TiffOptions options;
  options.extra_sample = kAlpha;
  const Samples grey{3, 1, 2, 8, {0, 0, 0, 255, 100, 51}};
  expect_same(read_image(encode_tiff(grey, options)), Image{3, 1, 1, {}, {255, 0, 224}});
  options.planes = true;
  expect_same(read_image(encode_tiff(grey, options)), Image{3, 1, 1, {}, {255, 0, 224}});
  options.extra_sample = kPremultiplied;
  expect_same(read_image(encode_tiff(Samples{2, 1, 4, 8, {0, 10, 20, 51, 1, 2, 3, 255}}, options)),
              Image{2, 1, 3, {}, {204, 214, 224, 1, 2, 3}});
  options.extra_sample = 0;  // nobody knows what: passed over
  expect_same(read_image(encode_tiff(grey, options)), Image{3, 1, 1, {}, {0, 0, 100}});
}

TEST(Tiff, ThumbnailsArePassedOverButSecondPicturesAreNot) {
  SeededRandom random(4);
  const Samples samples = random_samples(random, 10, 10, 1, 8);
  TiffOptions options;
  options.pages = 2;
  constexpr int kReduced = 1, kMask = 4;
  for (const int subfile : {kReduced, kMask}) {
    options.subfile = subfile;
    expect_same(read_image(encode_tiff(samples, options)), plain_image(samples));
  }
  options.subfile = 0;
  EXPECT_EQ(read_image(encode_tiff(samples, options)).error().fault, Fault::unsupported);
  options.subfile = kReduced;
  options.pages = 20;
  EXPECT_EQ(read_image(encode_tiff(samples, options)).error().fault, Fault::limit_exceeded);
}

// libtiff writes the directory last. Where it stands first, and a tag's value last, a cut file has
// all its pixels and has lost its resolution.
TEST(Tiff, AValueBehindTheEndIsMissed) {
  constexpr unsigned kShort = 3, kLong = 4, kRational = 5;
  constexpr unsigned kEntries = 11, kPixelAt = 8 + 2 + kEntries * 12 + 4, kValuesAt = kPixelAt + 2;
  ByteWriter out;
  constexpr unsigned kBigEndian = 0x4D4D;  // "MM"
  out.u16(kBigEndian), out.u16(42), out.u32(8), out.u16(kEntries);
  const auto entry = [&](unsigned tag, unsigned type, unsigned value) {
    out.u16(tag), out.u16(type), out.u32(1);
    out.u32(type == kShort ? value << 16U : value);
  };
  entry(256, kShort, 1), entry(257, kShort, 1), entry(258, kShort, 8), entry(259, kShort, 1);
  entry(262, kShort, 1), entry(273, kLong, kPixelAt), entry(278, kShort, 1), entry(279, kLong, 1);
  entry(282, kRational, kValuesAt), entry(283, kRational, kValuesAt), entry(296, kShort, 2);
  out.u32(0), out.u16(0x4200), out.u32(500), out.u32(1);
  const auto whole = read_image(out.view());
  ASSERT_TRUE(whole) << describe(whole.error());
  EXPECT_EQ(*whole, (Image{1, 1, 1, PixelsPerInch{500}, {0x42}}));
  for (std::size_t length = 1; length < out.size(); ++length) {
    const auto cut = read_image(out.view().first(length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().fault, Fault::truncated) << length;
  }
}

TEST(Tiff, OtherKindsOfNumbersAreRefused) {
  SeededRandom random(5);
  TiffOptions options;
  options.sample_format = 2;  // signed
  EXPECT_EQ(read_image(encode_tiff(random_samples(random, 4, 4, 1, 8), options)).error().fault,
            Fault::unsupported);
  options.sample_format = 3;  // floating point
  EXPECT_EQ(read_image(encode_tiff(random_samples(random, 4, 4, 1, 16), options)).error().fault,
            Fault::unsupported);
  options = {};
  options.photometric = 8;  // CIE L*a*b*
  EXPECT_EQ(read_image(encode_tiff(random_samples(random, 4, 4, 3, 8), options)).error().fault,
            Fault::unsupported);
}

}  // namespace
}  // namespace whorl::formats
