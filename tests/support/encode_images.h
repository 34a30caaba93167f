#pragma once
// Pictures written with the libraries themselves, in the variants that tests and seeds need. The
// input is the test's own, so a library that refuses it ends the program.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/base/image.h"
#include "engine/base/random.h"

namespace whorl::test {

// Samples of 1 to 16 bits, the channels of a pixel side by side.
struct Samples {
  int width_px = 0, height_px = 0, channels = 1, bits = 8;
  std::vector<std::uint16_t> values;

  std::uint16_t at(int x, int y, int channel) const {
    return values[static_cast<std::size_t>((std::int64_t{y} * width_px + x) * channels + channel)];
  }
};

Samples samples_of(const Image& image);
Samples random_samples(SeededRandom& random, int width_px, int height_px, int channels, int bits);
// Soft, so that lossy compression changes it little.
Samples soft_samples(int width_px, int height_px, int channels);

struct Colour16 {
  std::uint16_t red, green, blue;
};
struct Density {
  int unit = 0;
  double x = 0, y = 0;
};

struct PngOptions {
  int colour_type = 0;  // as in IHDR
  bool interlaced = false;
  std::vector<Colour16> palette;            // of 8 bits
  std::vector<std::uint8_t> palette_alpha;  // tRNS
  std::optional<Colour16> transparent;      // tRNS, grey in `red`
  std::optional<Density> density;           // unit 1 is the metre
};
Bytes encode_png(const Samples& samples, const PngOptions& options);

struct JpegOptions {
  int quality = 95;
  bool progressive = false;
  bool subsampled = false;
  bool separate_scans = false;  // one a channel
  Density density;              // unit 1 inch, 2 cm
  Bytes exif;                   // an APP1 segment's content, none when empty
};
// 1, 3 or 4 channels; four are inks, as Adobe stores them.
Bytes encode_jpeg(const Samples& samples, const JpegOptions& options = {});

struct TiffOptions {
  int photometric = -1;  // by the channels
  int compression = 1;
  int tile_px = 0;  // else strips
  int rows_per_strip = 7;
  bool planes = false;
  bool big = false;  // BigTIFF
  bool big_endian = false;
  int orientation = 1;
  int extra_sample = -1;  // the kind of the last channel
  int sample_format = 1;
  std::vector<Colour16> palette;
  std::optional<Density> density;  // unit 2 inch, 3 cm
  int pages = 1;
  int subfile = 0;  // of the pages behind the first
};
Bytes encode_tiff(const Samples& samples, const TiffOptions& options = {});

struct BmpOptions {
  bool top_down = false;
  bool core = false;   // the short header of OS/2
  bool alpha = false;  // the fourth channel; else it only fills
  std::vector<Colour16> palette;
  int x_per_metre = 0, y_per_metre = 0;
};
// One channel of 1, 4 or 8 bits with a palette, or three or four of 8 bits.
Bytes encode_bmp(const Samples& samples, const BmpOptions& options = {});

struct Jpeg2000Options {
  bool boxed = true;
  int layers = 1;
  int tile_px = 0;
  bool luma_and_chroma = false;
  bool alpha = false;        // the last channel
  bool is_signed = false;    // the middle of the range is stored as 0
  std::vector<Bytes> boxes;  // put at the end of the header's
};
Bytes encode_jpeg2000(const Samples& samples, const Jpeg2000Options& options = {});
// A box as JP2 has them; a resolution box of kind 'resc' or 'resd' in pixels per metre.
Bytes jpeg2000_box(std::string_view type, std::span<const std::byte> content);
Bytes jpeg2000_resolution(std::string_view kind, int x_per_metre, int y_per_metre);

}  // namespace whorl::test
