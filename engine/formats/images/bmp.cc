// Windows bitmaps, by the layouts of BITMAPCOREHEADER, BITMAPINFOHEADER and its versions 2 to 5.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "engine/formats/images/codecs.h"
#include "engine/formats/images/endian_reader.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreHeaderBytes = 12;
constexpr std::uint32_t kInfoHeaderBytes = 40;
constexpr std::uint32_t kInfoHeaderV4Bytes = 108;
constexpr std::uint32_t kInfoHeaderV5Bytes = 124;
constexpr std::uint32_t kUncompressed = 0;
constexpr std::uint32_t kBitFields = 3;

struct Header {
  std::uint64_t pixels_at = 0;
  std::uint32_t header_bytes = 0;
  int width_px = 0;
  int height_px = 0;
  bool top_down = false;
  unsigned bits = 0;
  std::uint32_t compression = kUncompressed;
  std::uint32_t colours = 0;  // of the palette
  bool has_alpha = false;
  std::optional<PixelsPerInch> ppi;
};

Result<> read_size(EndianReader& in, Header& header) {
  const std::uint64_t offset = in.offset();
  std::int64_t width = 0, height = 0;
  if (header.header_bytes == kCoreHeaderBytes) {
    width = in.u16();
    height = in.u16();
  } else {
    width = in.i32();
    height = in.i32();
  }
  if (!in.ok()) return {};
  header.top_down = height < 0;
  height = std::abs(height);
  if (width < 0) return fail(Fault::out_of_range, offset);
  WHORL_TRY_VOID(check_image_size(static_cast<std::uint64_t>(width),
                                  static_cast<std::uint64_t>(height), offset));
  header.width_px = static_cast<int>(width);
  header.height_px = static_cast<int>(height);
  return {};
}

// Blue, green and red each in the byte that uncompressed pixels keep them in, with or without the
// fourth as alpha.
Result<> read_masks(EndianReader& in, Header& header) {
  const std::uint64_t offset = in.offset();
  const std::array<std::uint32_t, 3> masks = {in.u32(), in.u32(), in.u32()};
  const std::uint32_t alpha = header.header_bytes >= 56 ? in.u32() : 0;
  if (!in.ok()) return {};
  const bool usual = masks == std::array<std::uint32_t, 3>{0xFF0000, 0xFF00, 0xFF};
  if (header.bits != 32 || !usual || (alpha != 0 && alpha != 0xFF000000)) {
    return fail(Fault::unsupported, offset);
  }
  header.has_alpha = alpha != 0;
  return {};
}

Result<> read_info(EndianReader& in, Header& header) {
  const std::uint64_t compression_at = in.offset();
  header.compression = in.u32();
  in.u32();  // bytes of pixels: often 0
  const std::uint64_t resolution_at = in.offset();
  const double x_per_metre = in.i32(), y_per_metre = in.i32();
  header.colours = in.u32();
  in.u32();  // how many of them matter
  if (!in.ok()) return {};
  if (header.compression == kBitFields) {
    WHORL_TRY_VOID(read_masks(in, header));
  } else if (header.compression != kUncompressed) {
    return fail(Fault::unsupported, compression_at);
  }
  WHORL_TRY(header.ppi, resolution_of(x_per_metre * kMetresPerInch, y_per_metre * kMetresPerInch,
                                      resolution_at));
  return {};
}

bool is_known(std::uint32_t header_bytes) {
  constexpr std::array<std::uint32_t, 6> kKnown = {kCoreHeaderBytes,   kInfoHeaderBytes,  52, 56,
                                                   kInfoHeaderV4Bytes, kInfoHeaderV5Bytes};
  return std::find(kKnown.begin(), kKnown.end(), header_bytes) != kKnown.end();
}

Result<Header> read_header(std::span<const std::byte> bytes) {
  EndianReader in(bytes, true);
  Header header;
  in.take(10);  // "BM", the file's length, often wrong, and two reserved
  header.pixels_at = in.u32();
  header.header_bytes = in.u32();
  if (in.ok() && !is_known(header.header_bytes)) return fail(Fault::unsupported, kFileHeaderBytes);
  WHORL_TRY_VOID(read_size(in, header));
  in.u16();  // planes
  const std::uint64_t bits_at = in.offset();
  header.bits = in.u16();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  constexpr std::array<unsigned, 6> kDepths = {1, 4, 8, 16, 24, 32};
  if (std::find(kDepths.begin(), kDepths.end(), header.bits) == kDepths.end()) {
    return fail(Fault::out_of_range, bits_at);
  }
  if (header.bits == 16) return fail(Fault::unsupported, bits_at);
  if (header.header_bytes != kCoreHeaderBytes) WHORL_TRY_VOID(read_info(in, header));
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  return header;
}

Result<std::vector<Rgb>> read_palette(std::span<const std::byte> bytes, const Header& header) {
  constexpr std::uint64_t kColoursAt = kFileHeaderBytes + 32;
  if (header.bits > 8) return std::vector<Rgb>{};
  const std::uint32_t most = 1U << header.bits;
  if (header.colours > most) return fail(Fault::out_of_range, kColoursAt);
  const bool core = header.header_bytes == kCoreHeaderBytes;
  EndianReader in(bytes, true);
  in.take(kFileHeaderBytes + header.header_bytes);
  std::vector<Rgb> palette(header.colours == 0 ? most : header.colours);
  for (Rgb& colour : palette) {
    for (std::size_t i = 3; i-- > 0;) colour[i] = in.u8();
    if (!core) in.u8();
  }
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  return palette;
}

// One row of up to 8 bits a pixel; false where a pixel has no colour.
bool look_up_row(std::span<const std::byte> row, unsigned bits, const std::vector<Rgb>& palette,
                 std::span<std::uint8_t> target) {
  for (std::size_t x = 0; 3 * x < target.size(); ++x) {
    const std::size_t bit = x * bits;
    const unsigned shift = 8 - bits - static_cast<unsigned>(bit % 8);
    const unsigned index = std::to_integer<unsigned>(row[bit / 8]) >> shift & ((1U << bits) - 1);
    if (index >= palette.size()) return false;
    std::copy_n(palette[index].begin(), 3, target.begin() + static_cast<std::ptrdiff_t>(3 * x));
  }
  return true;
}

// Programs that know of no alpha leave it 0 throughout.
bool shows_nothing(std::span<const std::byte> pixels) {
  for (std::size_t at = 3; at < pixels.size(); at += 4)
    if (pixels[at] != std::byte{0}) return false;
  return true;
}

void copy_row(std::span<const std::byte> row, const Header& header,
              std::span<std::uint8_t> target) {
  const std::size_t step = header.bits / 8;
  for (std::size_t x = 0; 3 * x < target.size(); ++x) {
    const auto pixel = row.subspan(x * step, step);
    const std::uint8_t alpha = header.has_alpha ? std::to_integer<std::uint8_t>(pixel[3]) : 255;
    for (std::size_t i = 0; i < 3; ++i) {
      target[3 * x + i] = over_white(std::to_integer<std::uint8_t>(pixel[2 - i]), alpha);
    }
  }
}

}  // namespace

Result<Image> decode_bmp(std::span<const std::byte> bytes) {
  WHORL_TRY(Header header, read_header(bytes));
  WHORL_TRY(const std::vector<Rgb> palette, read_palette(bytes, header));
  // Rows begin at multiples of four bytes.
  const std::size_t width = static_cast<std::size_t>(header.width_px);
  const std::size_t height = static_cast<std::size_t>(header.height_px);
  const std::size_t row_bytes = (width * header.bits + 31) / 32 * 4;
  ByteReader in(bytes);
  in.take(header.pixels_at);
  const std::uint64_t pixels_at = in.offset();
  const auto pixels = in.take(row_bytes * height);
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  if (pixels_at < kFileHeaderBytes + header.header_bytes) return fail(Fault::out_of_range, 10);

  if (header.has_alpha && shows_nothing(pixels)) header.has_alpha = false;
  Image image = blank_image(header.width_px, header.height_px, 3);
  image.ppi = header.ppi;
  for (std::size_t y = 0; y < height; ++y) {
    const auto row = pixels.subspan(y * row_bytes, row_bytes);
    const std::size_t y_target = header.top_down ? y : height - 1 - y;
    const auto target = std::span(image.samples).subspan(y_target * width * 3, width * 3);
    if (palette.empty()) {
      copy_row(row, header, target);
    } else if (!look_up_row(row, header.bits, palette, target)) {
      return fail(Fault::out_of_range, pixels_at + y * row_bytes);
    }
  }
  return palette.empty() ? std::move(image) : grey_where_it_can_be(std::move(image));
}

}  // namespace whorl::formats
