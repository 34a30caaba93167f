#include "tests/support/some_images.h"

#include "engine/formats/images/write_image.h"
#include "tests/support/encode_images.h"

namespace whorl::test {
namespace {

constexpr int kWidthPx = 29, kHeightPx = 37;

std::vector<Colour16> some_colours() {
  std::vector<Colour16> palette;
  for (std::uint16_t i = 0; i < 16; ++i) {
    const auto red = static_cast<std::uint16_t>(i * 16), blue = static_cast<std::uint16_t>(7 * i);
    palette.push_back({red, 200, blue});
  }
  return palette;
}

void add_pngs(std::vector<NamedImage>& images, SeededRandom& random) {
  PngOptions options;
  options.density = Density{1, 19685, 19685};
  images.push_back({"png-grey", encode_png(soft_samples(kWidthPx, kHeightPx, 1), options)});
  options.interlaced = true;
  options.colour_type = 6;
  images.push_back(
      {"png-alpha", encode_png(random_samples(random, kWidthPx, kHeightPx, 4, 8), options)});
  options.colour_type = 3;
  options.palette = some_colours();
  images.push_back(
      {"png-palette", encode_png(random_samples(random, kWidthPx, kHeightPx, 1, 4), options)});
}

void add_jpegs(std::vector<NamedImage>& images) {
  JpegOptions options;
  options.density = {1, 500, 500};
  images.push_back({"jpeg-grey", encode_jpeg(soft_samples(kWidthPx, kHeightPx, 1), options)});
  options.subsampled = true;
  images.push_back({"jpeg-colour", encode_jpeg(soft_samples(kWidthPx, kHeightPx, 3), options)});
  options.progressive = true;
  images.push_back(
      {"jpeg-progressive", encode_jpeg(soft_samples(kWidthPx, kHeightPx, 3), options)});
  images.push_back({"jpeg-inks", encode_jpeg(soft_samples(kWidthPx, kHeightPx, 4))});
  JpegOptions scans;
  scans.separate_scans = true;
  images.push_back({"jpeg-scans", encode_jpeg(soft_samples(kWidthPx, kHeightPx, 3), scans)});
}

void add_tiffs(std::vector<NamedImage>& images, SeededRandom& random) {
  constexpr int kNone = 1, kFax3 = 3, kFax4 = 4, kLzw = 5, kJpeg = 7, kDeflate = 8,
                kPackBits = 32773;
  TiffOptions options;
  options.density = Density{2, 500, 500};
  for (const int compression : {kNone, kLzw, kJpeg, kDeflate, kPackBits}) {
    options.compression = compression;
    options.rows_per_strip = 8;
    images.push_back({"tiff-" + std::to_string(compression),
                      encode_tiff(soft_samples(kWidthPx, kHeightPx, 1), options)});
  }
  for (const int compression : {kFax3, kFax4}) {
    options.compression = compression;
    images.push_back({"tiff-" + std::to_string(compression),
                      encode_tiff(random_samples(random, kWidthPx, kHeightPx, 1, 1), options)});
  }
  options.compression = kDeflate;
  options.tile_px = 16;
  options.planes = options.big = options.big_endian = true;
  options.extra_sample = 2;
  images.push_back(
      {"tiff-tiles", encode_tiff(random_samples(random, kWidthPx, kHeightPx, 4, 16), options)});
}

void add_jpeg2000s(std::vector<NamedImage>& images) {
  Jpeg2000Options options;
  options.boxes = {jpeg2000_resolution("resc", 19685, 19685)};
  images.push_back({"jp2-grey", encode_jpeg2000(soft_samples(kWidthPx, kHeightPx, 1), options)});
  options.layers = 3;
  options.tile_px = 16;
  options.luma_and_chroma = true;
  images.push_back({"jp2-tiles", encode_jpeg2000(soft_samples(kWidthPx, kHeightPx, 3), options)});
  Jpeg2000Options bare;
  bare.boxed = false;
  images.push_back({"j2k", encode_jpeg2000(soft_samples(kWidthPx, kHeightPx, 1), bare)});
}

void add_bmps(std::vector<NamedImage>& images, SeededRandom& random) {
  BmpOptions options;
  options.x_per_metre = options.y_per_metre = 19685;
  images.push_back({"bmp", encode_bmp(soft_samples(kWidthPx, kHeightPx, 3), options)});
  options.alpha = true;
  images.push_back({"bmp-alpha", encode_bmp(soft_samples(kWidthPx, kHeightPx, 4), options)});
  options.alpha = false;
  options.palette = some_colours();
  images.push_back(
      {"bmp-palette", encode_bmp(random_samples(random, kWidthPx, kHeightPx, 1, 4), options)});
}

}  // namespace

std::vector<NamedImage> some_images() {
  SeededRandom random(41);
  std::vector<NamedImage> images;
  add_pngs(images, random);
  add_jpegs(images);
  add_tiffs(images, random);
  add_jpeg2000s(images);
  add_bmps(images, random);
  Image grey{kWidthPx, kHeightPx, 1, std::nullopt, {}};
  grey.samples.assign(std::size_t{kWidthPx} * kHeightPx, 77);
  images.push_back({"pgm", formats::encode_pnm(grey).value()});
  const std::string_view text = "P3\n2 2 255\n0 1 2 3 4 5\n6 7 8 9 10 255\n";
  images.push_back({"ppm-text", Bytes(as_bytes(text).begin(), as_bytes(text).end())});
  return images;
}

}  // namespace whorl::test
