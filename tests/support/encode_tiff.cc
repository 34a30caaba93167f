#include <tiffio.h>

#include <array>
#include <string>

#include "kernels/core.h"
#include "tests/support/encode_images.h"
#include "tests/support/memory_file.h"

namespace whorl::test {
namespace {

void set_tiff_fields(TIFF* tiff, const Samples& samples, const TiffOptions& options) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, samples.width_px);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, samples.height_px);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, samples.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples.channels);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, options.sample_format);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
  const int colours = samples.channels - (options.extra_sample >= 0 ? 1 : 0);
  const int usual = colours == 1   ? PHOTOMETRIC_MINISBLACK
                    : colours == 4 ? PHOTOMETRIC_SEPARATED
                                   : PHOTOMETRIC_RGB;
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options.photometric < 0 ? usual : options.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               options.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, options.orientation);
  if (options.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  if (options.extra_sample >= 0) {
    const auto kind = static_cast<std::uint16_t>(options.extra_sample);
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
  }
  if (!options.palette.empty()) {
    std::array<std::vector<std::uint16_t>, 3> map;
    for (const Colour16& c : options.palette) {
      map[0].push_back(c.red), map[1].push_back(c.green), map[2].push_back(c.blue);
    }
    for (auto& channel : map) channel.resize(std::size_t{1} << samples.bits);
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
  }
  if (options.density) {
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, options.density->unit);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, options.density->x);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, options.density->y);
  }
}

void write_block(TIFF* tiff, bool tiled, std::uint32_t index, std::vector<std::uint8_t>& block) {
  const auto size = static_cast<tmsize_t>(block.size());
  const tmsize_t written = tiled ? TIFFWriteEncodedTile(tiff, index, block.data(), size)
                                 : TIFFWriteEncodedStrip(tiff, index, block.data(), size);
  WHORL_CHECK(written == size);
}

void write_tiff_blocks(TIFF* tiff, const Samples& samples, const TiffOptions& options) {
  const bool tiled = options.tile_px > 0;
  const int width = tiled ? options.tile_px : samples.width_px;
  const int height = tiled ? options.tile_px : options.rows_per_strip;
  if (tiled) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, height);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, height);
  }
  std::uint32_t index = 0;
  const int at_once = options.planes ? 1 : samples.channels;
  for (int channel = 0; channel < samples.channels; channel += at_once) {
    for (int top = 0; top < samples.height_px; top += height) {
      for (int left = 0; left < samples.width_px; left += width) {
        const int rows = tiled ? height : std::min(height, samples.height_px - top);
        std::vector<std::uint8_t> block;
        for (int y = top; y < top + rows; ++y) {
          const auto row = packed_row(samples, y, left, width, channel, at_once, Sixteen::native);
          block.insert(block.end(), row.begin(), row.end());
        }
        write_block(tiff, tiled, index++, block);
      }
    }
  }
}

}  // namespace

Bytes encode_tiff(const Samples& samples, const TiffOptions& options) {
  MemoryFile file;
  const std::string mode =
      std::string("w") + (options.big ? "8" : "") + (options.big_endian ? "b" : "l");
  const auto read = [](thandle_t f, void* data, tmsize_t n) {
    return static_cast<tmsize_t>(file_of(f).read(data, static_cast<std::size_t>(n)));
  };
  const auto write = [](thandle_t f, void* data, tmsize_t n) {
    return file_of(f).write(data, static_cast<std::size_t>(n)), n;
  };
  const auto seek = [](thandle_t f, toff_t to, int whence) {
    auto& target = file_of(f);
    const std::size_t from = whence == SEEK_CUR   ? target.position
                             : whence == SEEK_END ? target.bytes.size()
                                                  : 0;
    return static_cast<toff_t>(target.position = from + to);
  };
  const auto size = [](thandle_t f) { return static_cast<toff_t>(file_of(f).bytes.size()); };
  const auto close = [](thandle_t) { return 0; };
  // Its own handler for this file alone: tests listen whether the reader is silent.
  TIFFOpenOptions* silent = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetWarningHandlerExtR(
      silent, [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
  TIFF* tiff = TIFFClientOpenExt("test", mode.c_str(), &file, read, write, seek, close, size,
                                 nullptr, nullptr, silent);
  TIFFOpenOptionsFree(silent);
  WHORL_CHECK(tiff != nullptr);
  for (int page = 0; page < options.pages; ++page) {
    set_tiff_fields(tiff, samples, options);
    if (page > 0) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, options.subfile);
    write_tiff_blocks(tiff, samples, options);
    WHORL_CHECK(TIFFWriteDirectory(tiff) == 1);
  }
  TIFFClose(tiff);
  return file.take();
}

}  // namespace whorl::test
