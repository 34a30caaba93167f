#include "tests/support/encode_images.h"

#include <algorithm>
// jpeglib.h names FILE and leaves it to us.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
// clang-format on
#include <png.h>

#include <cmath>
#include <cstdlib>

#include "tests/support/memory_file.h"

namespace whorl::test {
namespace {

void set_png_palette(png_structp png, png_infop info, const PngOptions& options) {
  std::vector<png_color> palette;
  for (const Colour16& c : options.palette) {
    palette.push_back({static_cast<png_byte>(c.red), static_cast<png_byte>(c.green),
                       static_cast<png_byte>(c.blue)});
  }
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  if (!options.palette_alpha.empty()) {
    png_set_tRNS(png, info, options.palette_alpha.data(),
                 static_cast<int>(options.palette_alpha.size()), nullptr);
  }
  if (options.transparent) {
    png_color_16 colour{};
    colour.gray = colour.red = options.transparent->red;
    colour.green = options.transparent->green;
    colour.blue = options.transparent->blue;
    png_set_tRNS(png, info, nullptr, 0, &colour);
  }
}

}  // namespace

Samples samples_of(const Image& image) {
  Samples samples{image.width_px, image.height_px, image.channels, 8, {}};
  samples.values.assign(image.samples.begin(), image.samples.end());
  return samples;
}

Samples random_samples(SeededRandom& random, int width_px, int height_px, int channels, int bits) {
  Samples samples{width_px, height_px, channels, bits, {}};
  for (int i = 0; i < width_px * height_px * channels; ++i) {
    samples.values.push_back(static_cast<std::uint16_t>(random.below(1U << unsigned(bits))));
  }
  return samples;
}

Samples soft_samples(int width_px, int height_px, int channels) {
  Samples samples{width_px, height_px, channels, 8, {}};
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      for (int c = 0; c < channels; ++c) {
        const double wave = std::sin(0.11 * x + c) + std::cos(0.07 * y + 2 * c);
        samples.values.push_back(static_cast<std::uint16_t>(127 + 60 * wave));
      }
    }
  }
  return samples;
}

Bytes encode_png(const Samples& samples, const PngOptions& options) {
  MemoryFile file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto write = [](png_structp p, png_bytep data, std::size_t count) {
    file_of(png_get_io_ptr(p)).write(data, count);
  };
  png_set_write_fn(png, &file, write, [](png_structp) {});
  png_set_IHDR(png, info, static_cast<png_uint_32>(samples.width_px),
               static_cast<png_uint_32>(samples.height_px), samples.bits, options.colour_type,
               options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  set_png_palette(png, info, options);
  if (options.density) {
    png_set_pHYs(png, info, static_cast<png_uint_32>(options.density->x),
                 static_cast<png_uint_32>(options.density->y), options.density->unit);
  }
  std::vector<std::vector<std::uint8_t>> rows;
  std::vector<png_bytep> pointers;
  for (int y = 0; y < samples.height_px; ++y) {
    rows.push_back(whole_row(samples, y, Sixteen::big_endian));
  }
  for (auto& row : rows) pointers.push_back(row.data());
  png_write_info(png, info);
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file.take();
}

Bytes encode_jpeg(const Samples& samples, const JpegOptions& options) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = static_cast<JDIMENSION>(samples.width_px);
  info.image_height = static_cast<JDIMENSION>(samples.height_px);
  info.input_components = samples.channels;
  info.in_color_space = samples.channels == 1   ? JCS_GRAYSCALE
                        : samples.channels == 3 ? JCS_RGB
                                                : JCS_CMYK;
  jpeg_set_defaults(&info);
  if (samples.channels == 4) jpeg_set_colorspace(&info, JCS_YCCK);
  jpeg_set_quality(&info, options.quality, TRUE);
  if (!options.subsampled) info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = 1;
  if (!options.subsampled && samples.channels == 4) {
    info.comp_info[3].h_samp_factor = info.comp_info[3].v_samp_factor = 1;
  }
  if (options.progressive) jpeg_simple_progression(&info);
  std::vector<jpeg_scan_info> scans;
  for (int i = 0; options.separate_scans && i < samples.channels; ++i) {
    scans.push_back({1, {i}, 0, 63, 0, 0});
  }
  if (!scans.empty()) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  info.density_unit = static_cast<UINT8>(options.density.unit);
  info.X_density = static_cast<UINT16>(options.density.unit == 0 ? 1 : options.density.x);
  info.Y_density = static_cast<UINT16>(options.density.unit == 0 ? 1 : options.density.y);
  jpeg_start_compress(&info, TRUE);
  if (!options.exif.empty()) {
    jpeg_write_marker(&info, JPEG_APP0 + 1,
                      static_cast<const JOCTET*>(static_cast<const void*>(options.exif.data())),
                      static_cast<unsigned>(options.exif.size()));
  }
  for (int y = 0; y < samples.height_px; ++y) {
    auto row = whole_row(samples, y, Sixteen::native);
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const auto written = std::as_bytes(std::span(bytes, size));
  Bytes out(written.begin(), written.end());
  std::free(bytes);
  return out;
}

}  // namespace whorl::test
