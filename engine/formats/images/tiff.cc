// TIFF 6.0 and BigTIFF through libtiff, which no other file includes. Its own conversion to RGBA is
// not used: it drops the low bits of 16 and takes four bytes a pixel.

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>  // SEEK_SET
#include <cstring>
#include <memory>

#include "engine/base/limits.h"
#include "engine/formats/images/codecs.h"
#include "engine/formats/images/packed_samples.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

// One picture, and smaller ones or masks of it.
constexpr int kMaxDirectories = 16;
// The compressions of TIFF 6.0 and both numbers of deflate.
constexpr std::array<int, 9> kCompressions = {
    COMPRESSION_NONE,      COMPRESSION_CCITTRLE,      COMPRESSION_CCITTFAX3,
    COMPRESSION_CCITTFAX4, COMPRESSION_LZW,           COMPRESSION_JPEG,
    COMPRESSION_PACKBITS,  COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE};

// --- The bytes as libtiff's file

struct File {
  std::span<const std::byte> bytes;
  std::uint64_t position = 0;
  bool past_end = false;
  bool strict = false;  // a warning means damage too
  bool complained = false;
};

File& file_of(thandle_t handle) { return *static_cast<File*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t wanted) {
  File& file = file_of(handle);
  if (wanted <= 0) return 0;
  const std::uint64_t left =
      file.position < file.bytes.size() ? file.bytes.size() - file.position : 0;
  const std::uint64_t count = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(wanted));
  if (count < static_cast<std::uint64_t>(wanted)) file.past_end = true;
  if (count > 0) std::memcpy(target, file.bytes.data() + file.position, count);
  file.position += count;
  return static_cast<tmsize_t>(count);
}
tmsize_t write_nothing(thandle_t /*handle*/, void* /*data*/, tmsize_t /*size*/) { return -1; }
toff_t seek_to(thandle_t handle, toff_t offset, int whence) {
  File& file = file_of(handle);
  if (whence == SEEK_CUR) offset += file.position;
  if (whence == SEEK_END) offset += file.bytes.size();
  return file.position = offset;
}
toff_t size_of(thandle_t handle) { return file_of(handle).bytes.size(); }
int close_nothing(thandle_t /*handle*/) { return 0; }

int on_error(TIFF* /*tiff*/, void* file, const char* /*module*/, const char* /*text*/,
             va_list /*values*/) {
  static_cast<File*>(file)->complained = true;
  return 1;  // said: no global handler is asked
}
int on_warning(TIFF* /*tiff*/, void* file, const char* /*module*/, const char* /*text*/,
               va_list /*values*/) {
  auto& warned = *static_cast<File*>(file);
  warned.complained = warned.complained || warned.strict;
  return 1;
}

struct Closer {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Closer>;

Tiff open(File& file) {
  struct Freer {
    void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
  };
  const std::unique_ptr<TIFFOpenOptions, Freer> options(TIFFOpenOptionsAlloc());
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMaxImageFileBytes);
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &file);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &file);
  constexpr const char* kReadUnmapped = "rm";
  return Tiff(TIFFClientOpenExt("", kReadUnmapped, &file, read_bytes, write_nothing, seek_to,
                                close_nothing, size_of, nullptr, nullptr, options.get()));
}

tl::unexpected<Error> damage(const File& file) {
  if (file.past_end) return fail(Fault::truncated, file.bytes.size());
  return fail(Fault::damaged_file, std::min<std::uint64_t>(file.position, file.bytes.size()));
}

// --- What the directory says

template <class T>
T field(TIFF* tiff, std::uint32_t tag) {
  T value{};
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

// The one picture of the file. Of several, none could be called the right one.
Result<> choose_picture(const File& file, TIFF* tiff) {
  int chosen = -1;
  for (int i = 0;; ++i) {
    const auto kind = field<std::uint32_t>(tiff, TIFFTAG_SUBFILETYPE);
    if ((kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0) {
      if (chosen >= 0) return fail(Fault::unsupported, TIFFCurrentDirOffset(tiff));
      chosen = i;
    }
    if (TIFFLastDirectory(tiff) != 0) break;
    if (i + 1 == kMaxDirectories) return fail(Fault::limit_exceeded, TIFFCurrentDirOffset(tiff));
    if (TIFFReadDirectory(tiff) == 0) return damage(file);
  }
  if (TIFFSetDirectory(tiff, static_cast<tdir_t>(std::max(chosen, 0))) == 0) return damage(file);
  return {};
}

struct Layout {
  int width_px = 0, height_px = 0;
  unsigned bits = 0;
  std::uint16_t samples = 1;  // of a pixel, with those that are passed over
  std::uint16_t photometric = 0, compression = 0;
  int colours = 1;
  bool has_alpha = false;  // the sample behind the colours
  bool is_premultiplied = false;
  bool planes = false;  // each sample in blocks of its own

  int kept() const { return colours + static_cast<int>(has_alpha); }
};

Result<int> colours_of(std::uint16_t photometric, std::uint16_t compression) {
  switch (photometric) {
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_RGB:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    case PHOTOMETRIC_YCBCR:  // libtiff lets libjpeg convert it
      if (compression == COMPRESSION_JPEG) return 3;
      return fail(Fault::unsupported);
    default:
      return fail(Fault::unsupported);
  }
}

Result<> read_extra_samples(TIFF* tiff, Layout& layout) {
  if (layout.samples < layout.colours) return fail(Fault::out_of_range);
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) == 0 || count == 0) return {};
  layout.is_premultiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  layout.has_alpha = layout.samples > layout.colours &&
                     (layout.is_premultiplied || kinds[0] == EXTRASAMPLE_UNASSALPHA);
  return {};
}

Result<Layout> read_layout(TIFF* tiff) {
  const std::uint64_t offset = TIFFCurrentDirOffset(tiff);
  const auto width_px = field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH);
  const auto height_px = field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH);
  WHORL_TRY_VOID(check_image_size(width_px, height_px, offset));
  Layout layout;
  layout.width_px = static_cast<int>(width_px);
  layout.height_px = static_cast<int>(height_px);
  layout.bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE);
  layout.samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL);
  layout.compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION);
  layout.planes = field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE;
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric) == 0) {
    return fail(Fault::out_of_range, offset);
  }
  const auto numbers = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT);
  const bool known_bits = layout.bits == 1 || layout.bits == 2 || layout.bits == 4 ||
                          layout.bits == 8 ||
                          (layout.bits == 16 && layout.photometric != PHOTOMETRIC_PALETTE);
  if (!known_bits || (numbers != SAMPLEFORMAT_UINT && numbers != SAMPLEFORMAT_VOID) ||
      std::find(kCompressions.begin(), kCompressions.end(), layout.compression) ==
          kCompressions.end()) {
    return fail(Fault::unsupported, offset);
  }
  auto colours = colours_of(layout.photometric, layout.compression);
  if (!colours) return fail(colours.error().fault, offset);
  layout.colours = *colours;
  if (auto extra = read_extra_samples(tiff, layout); !extra)
    return fail(extra.error().fault, offset);
  if (layout.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  return layout;
}

Result<std::optional<PixelsPerInch>> read_resolution(TIFF* tiff) {
  const std::uint64_t offset = TIFFCurrentDirOffset(tiff);
  float x = 0, y = 0;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x) == 0) return std::nullopt;
  if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y) == 0) return std::nullopt;
  switch (field<std::uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT)) {
    case RESUNIT_INCH:
      return resolution_of(x, y, offset);
    case RESUNIT_CENTIMETER:
      return resolution_of(x * kCmPerInch, y * kCmPerInch, offset);
    default:
      WHORL_TRY_VOID(check_square_pixels(x, y, offset));
      return std::nullopt;
  }
}

// --- Pixels: strips as wide as the picture, or tiles that may reach beyond its edges

struct Blocks {
  int width_px = 0, height_px = 0;  // of one
  std::size_t bytes = 0;            // of one
  std::uint32_t count = 0;
  bool tiled = false;
};

Result<Blocks> read_blocks(const File& file, TIFF* tiff, const Layout& layout) {
  const std::uint64_t offset = TIFFCurrentDirOffset(tiff);
  Blocks blocks;
  blocks.tiled = TIFFIsTiled(tiff) != 0;
  std::uint32_t width = static_cast<std::uint32_t>(layout.width_px);
  std::uint32_t height = static_cast<std::uint32_t>(layout.height_px);
  if (blocks.tiled) {
    width = field<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH);
    height = field<std::uint32_t>(tiff, TIFFTAG_TILELENGTH);
  } else {
    height = std::min(height, field<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP));
  }
  WHORL_TRY_VOID(check_image_size(width, height, offset));
  blocks.width_px = static_cast<int>(width);
  blocks.height_px = static_cast<int>(height);
  const std::uint64_t bytes = blocks.tiled ? TIFFTileSize64(tiff) : TIFFStripSize64(tiff);
  if (bytes == 0) return fail(Fault::out_of_range, offset);
  if (bytes > kMaxImageFileBytes) return fail(Fault::limit_exceeded, offset);
  blocks.bytes = static_cast<std::size_t>(bytes);
  blocks.count = blocks.tiled ? TIFFNumberOfTiles(tiff) : TIFFNumberOfStrips(tiff);
  for (std::uint32_t i = 0; i < blocks.count; ++i) {
    const std::uint64_t at = TIFFGetStrileOffset(tiff, i), size = TIFFGetStrileByteCount(tiff, i);
    if (at > file.bytes.size() || size > file.bytes.size() - at) {
      return fail(Fault::truncated, file.bytes.size());
    }
  }
  return blocks;
}

// Copies what a block shows of the picture into the kept samples.
void place_block(std::span<const std::byte> block, const Blocks& blocks, const Layout& layout,
                 std::uint32_t index, std::span<std::uint8_t> kept) {
  const auto across = static_cast<std::uint32_t>((layout.width_px - 1) / blocks.width_px + 1);
  const auto down = static_cast<std::uint32_t>((layout.height_px - 1) / blocks.height_px + 1);
  const int plane = static_cast<int>(index / (across * down));
  if (plane >= layout.kept()) return;
  const int left = static_cast<int>(index % across) * blocks.width_px;
  const int top = static_cast<int>(index / across % down) * blocks.height_px;
  const int columns = std::min(blocks.width_px, layout.width_px - left);
  const int rows = std::min(blocks.height_px, layout.height_px - top);
  const int first = layout.planes ? plane : 0, last = layout.planes ? plane + 1 : layout.kept();
  const int stored = layout.planes ? 1 : layout.samples;
  const std::size_t row_bytes =
      (static_cast<std::size_t>(blocks.width_px) * static_cast<std::size_t>(stored) * layout.bits +
       7) /
      8;
  for (int y = 0; y < rows; ++y) {
    const PackedSamples row{block.subspan(static_cast<std::size_t>(y) * row_bytes, row_bytes),
                            layout.bits, layout.photometric != PHOTOMETRIC_PALETTE};
    const std::int64_t pixel = std::int64_t{top + y} * layout.width_px + left;
    for (int sample = first; sample < last; ++sample) {
      row.unpack(static_cast<std::size_t>(layout.planes ? 0 : sample),
                 static_cast<std::size_t>(stored), static_cast<std::size_t>(columns),
                 kept.subspan(static_cast<std::size_t>(pixel * layout.kept() + sample)),
                 static_cast<std::size_t>(layout.kept()));
    }
  }
}

Result<std::vector<std::uint8_t>> read_samples(File& file, TIFF* tiff, const Layout& layout,
                                               const Blocks& blocks) {
  // libjpeg and the fax decoders call damage a warning and guess the rest.
  file.strict =
      layout.compression == COMPRESSION_JPEG || layout.compression == COMPRESSION_CCITTRLE ||
      layout.compression == COMPRESSION_CCITTFAX3 || layout.compression == COMPRESSION_CCITTFAX4;
  file.complained = false;
  std::vector<std::uint8_t> kept(
      static_cast<std::size_t>(std::int64_t{layout.width_px} * layout.height_px * layout.kept()));
  std::vector<std::byte> block(blocks.bytes);
  const auto down = static_cast<std::uint32_t>((layout.height_px - 1) / blocks.height_px + 1);
  for (std::uint32_t i = 0; i < blocks.count; ++i) {
    const auto size = static_cast<tmsize_t>(block.size());
    const auto rows_left = static_cast<std::uint32_t>(layout.height_px) -
                           i % down * static_cast<std::uint32_t>(blocks.height_px);
    const tmsize_t expected =
        blocks.tiled ? size
                     : TIFFVStripSize(
                           tiff, std::min(rows_left, static_cast<std::uint32_t>(blocks.height_px)));
    const tmsize_t got = blocks.tiled ? TIFFReadEncodedTile(tiff, i, block.data(), size)
                                      : TIFFReadEncodedStrip(tiff, i, block.data(), size);
    if (got != expected || file.complained) return damage(file);
    place_block(block, blocks, layout, i, kept);
  }
  return kept;
}

// --- Samples to colours

// 16 bits by the standard; some writers used 8, which no palette that reaches white can be.
Result<std::vector<Rgb>> read_palette(TIFF* tiff, const Layout& layout) {
  std::array<std::uint16_t*, 3> map{};
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) == 0) {
    return fail(Fault::out_of_range, TIFFCurrentDirOffset(tiff));
  }
  const std::size_t entries = std::size_t{1} << layout.bits;
  bool wide = false;
  for (const std::uint16_t* channel : map) {
    wide = wide || std::any_of(channel, channel + entries, [](auto v) { return v > 255; });
  }
  std::vector<Rgb> palette(entries);
  for (std::size_t i = 0; i < entries; ++i) {
    for (std::size_t c = 0; c < 3; ++c)
      palette[i][c] = to_eight_bits(map[c][i], wide ? 65535 : 255);
  }
  return palette;
}

Rgb colour_of(std::span<const std::uint8_t> pixel, const Layout& layout,
              const std::vector<Rgb>& palette) {
  const auto light_of = [&](std::size_t i) { return static_cast<std::uint8_t>(255 - pixel[i]); };
  switch (layout.photometric) {
    case PHOTOMETRIC_PALETTE:
      return palette[pixel[0]];
    case PHOTOMETRIC_SEPARATED:
      return rgb_of_inks(light_of(0), light_of(1), light_of(2), light_of(3));
    case PHOTOMETRIC_MINISWHITE:
      return {light_of(0), 0, 0};
    case PHOTOMETRIC_MINISBLACK:
      return {pixel[0], 0, 0};
    default:
      return {pixel[0], pixel[1], pixel[2]};
  }
}

Image paint(const std::vector<std::uint8_t>& kept, const Layout& layout,
            const std::vector<Rgb>& palette) {
  const bool grey = layout.colours == 1 && palette.empty();
  Image image = blank_image(layout.width_px, layout.height_px, grey ? 1 : 3);
  const auto step = static_cast<std::size_t>(layout.kept());
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i * step < kept.size(); ++i) {
    const auto pixel = std::span(kept).subspan(i * step, step);
    const Rgb colour = colour_of(pixel, layout, palette);
    const std::uint8_t alpha = layout.has_alpha ? pixel.back() : 255;
    for (std::size_t c = 0; c < channels; ++c) {
      image.samples[i * channels + c] = layout.is_premultiplied
                                            ? premultiplied_over_white(colour[c], alpha)
                                            : over_white(colour[c], alpha);
    }
  }
  return palette.empty() ? std::move(image) : grey_where_it_can_be(std::move(image));
}

}  // namespace

Result<Image> decode_tiff(std::span<const std::byte> bytes) {
  File file{bytes};
  const Tiff tiff = open(file);
  if (tiff == nullptr) return damage(file);
  WHORL_TRY_VOID(choose_picture(file, tiff.get()));
  WHORL_TRY(const Layout layout, read_layout(tiff.get()));
  WHORL_TRY(const std::optional<PixelsPerInch> ppi, read_resolution(tiff.get()));
  WHORL_TRY(const Blocks blocks, read_blocks(file, tiff.get(), layout));
  // A tag whose value lies behind the end is passed over by libtiff, not by us.
  if (file.past_end) return damage(file);
  std::vector<Rgb> palette;
  if (layout.photometric == PHOTOMETRIC_PALETTE) {
    WHORL_TRY(palette, read_palette(tiff.get(), layout));
  }
  WHORL_TRY(const std::vector<std::uint8_t> kept, read_samples(file, tiff.get(), layout, blocks));
  Image image = paint(kept, layout, palette);
  image.ppi = ppi;
  return turned_upright(std::move(image), field<std::uint16_t>(tiff.get(), TIFFTAG_ORIENTATION));
}

}  // namespace whorl::formats
