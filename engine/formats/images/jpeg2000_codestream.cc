// The markers of a JPEG 2000 codestream (ISO/IEC 15444-1, Annex A) that say how large it is.

#include <algorithm>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/jpeg2000_outline.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

constexpr std::uint16_t kStartOfStream = 0xFF4F, kSize = 0xFF51, kCodingDefault = 0xFF52,
                        kCodingOfComponent = 0xFF53, kStartOfTilePart = 0xFF90,
                        kStartOfData = 0xFF93, kEndOfStream = 0xFFD9;
constexpr unsigned kMaxComponents = 4;  // red, green, blue and alpha
constexpr unsigned kMaxBits = 16;
constexpr unsigned kMaxLevels = 32;
// OpenJPEG keeps about 6 kB a tile and 200 bytes a packet and code-block. Largest pictures in tiles
// of 128 by 128 take 4096 tiles; in precincts of that size, three colours and fifty layers, a
// million packets.
constexpr std::uint64_t kMaxTiles = 16'384;
constexpr std::uint64_t kMaxPacketsAndBlocks = 4 * 1024 * 1024;

struct Grid {
  std::uint64_t width_px = 0, height_px = 0, tiles_across = 0, tiles_down = 0, components = 0;
  std::uint64_t layers = 1;
};

// The parts of a tile come in order, and one of them at least says how many there are, or none.
struct Tile {
  unsigned parts = 0, declared = 0;
};

// How often one side of a picture, `level` times halved, is cut at multiples of 2^exponent.
std::uint64_t pieces(std::uint64_t side_px, unsigned level, unsigned exponent,
                     std::uint64_t tiles) {
  return (side_px >> std::min(level + exponent, 63U)) + 1 + tiles;
}

class Judge {
 public:
  Judge(std::span<const std::byte> bytes, std::size_t start) : bytes_(bytes), in_(bytes) {
    in_.take(start);
  }

  Result<std::size_t> end() {
    if (in_.u16() != kStartOfStream || in_.u16() != kSize) return damage();
    WHORL_TRY_VOID(read_size());
    WHORL_TRY(std::uint16_t marker, read_header(kStartOfTilePart));
    while (marker == kStartOfTilePart) {
      WHORL_TRY_VOID(read_tile_part());
      marker = in_.u16();
      if (!in_.ok()) return damage();
    }
    if (marker != kEndOfStream) return damage();
    // OpenJPEG paints what is missing black.
    for (const Tile& tile : tiles_) {
      if (tile.parts == 0 || (tile.declared != 0 && tile.declared != tile.parts)) return damage();
    }
    return at();
  }

 private:
  std::size_t at() const { return static_cast<std::size_t>(in_.offset()); }
  tl::unexpected<Error> damage() const {
    return in_.ok() ? fail(Fault::damaged_file, at()) : fail(Fault::truncated, bytes_.size());
  }

  // A marker segment's content, behind its length.
  Result<ByteReader> segment() {
    const std::size_t length = in_.u16();
    if (in_.ok() && length < 2) return damage();
    const auto content = in_.take(length < 2 ? 0 : length - 2);
    if (!in_.ok()) return damage();
    return ByteReader(content);
  }

  Result<> read_size() {
    const std::size_t start = at();
    WHORL_TRY(ByteReader size, segment());
    size.u16();  // capabilities
    const std::uint64_t right = size.u32(), bottom = size.u32(), left = size.u32(),
                        top = size.u32(), tile_width = size.u32(), tile_height = size.u32(),
                        tile_left = size.u32(), tile_top = size.u32();
    grid_.components = size.u16();
    if (!size.ok() || left >= right || top >= bottom || tile_width == 0 || tile_height == 0 ||
        tile_left > left || tile_top > top || tile_left + tile_width <= left ||
        tile_top + tile_height <= top || grid_.components == 0) {
      return fail(Fault::out_of_range, start);
    }
    grid_.width_px = right - left;
    grid_.height_px = bottom - top;
    WHORL_TRY_VOID(check_image_size(grid_.width_px, grid_.height_px, start));
    grid_.tiles_across = (right - tile_left - 1) / tile_width + 1;
    grid_.tiles_down = (bottom - tile_top - 1) / tile_height + 1;
    if (grid_.tiles_across * grid_.tiles_down > kMaxTiles) {
      return fail(Fault::limit_exceeded, start);
    }
    tiles_.resize(static_cast<std::size_t>(grid_.tiles_across * grid_.tiles_down));
    return read_components(size, start);
  }

  Result<> read_components(ByteReader& size, std::size_t offset) const {
    if (grid_.components > kMaxComponents) return fail(Fault::unsupported, offset);
    for (std::uint64_t i = 0; i < grid_.components; ++i) {
      const unsigned bits = (size.u8() & 0x7FU) + 1;
      const unsigned across = size.u8(), down = size.u8();
      if (!size.ok() || bits > 38 || across == 0 || down == 0) {
        return fail(Fault::out_of_range, offset);
      }
      if (bits > kMaxBits || across != 1 || down != 1) return fail(Fault::unsupported, offset);
    }
    return {};
  }

  // The segments up to the marker that ends a header, which is what comes back.
  Result<std::uint16_t> read_header(std::uint16_t last) {
    for (;;) {
      const std::uint16_t marker = in_.u16();
      if (!in_.ok() || marker < 0xFF00) return damage();
      if (marker == last) return marker;
      const std::size_t start = at();
      WHORL_TRY(ByteReader content, segment());
      if (marker == kCodingDefault || marker == kCodingOfComponent) {
        WHORL_TRY_VOID(read_coding(content, marker == kCodingDefault, start));
      }
    }
  }

  Result<> read_coding(ByteReader& content, bool is_default, std::size_t offset) {
    if (!is_default) content.u8();  // which component
    const bool own_precincts = (content.u8() & 1U) != 0;
    if (is_default) {
      content.u8();  // order
      grid_.layers = content.u16();
      content.u8();  // transform between components
    }
    const unsigned levels = content.u8();
    const unsigned block_x = (content.u8() & 0xFU) + 2, block_y = (content.u8() & 0xFU) + 2;
    content.u16();  // style, wavelet
    if (!content.ok() || levels > kMaxLevels) return fail(Fault::out_of_range, offset);
    std::uint64_t parts = 0;
    for (unsigned i = 0; i <= levels; ++i) {
      const unsigned exponents = own_precincts ? content.u8() : 0xFF;
      const unsigned x = exponents & 0xFU, y = exponents >> 4U, level = levels - i;
      parts += grid_.layers * pieces(grid_.width_px, level, x, grid_.tiles_across) *
               pieces(grid_.height_px, level, y, grid_.tiles_down);
      parts += pieces(grid_.width_px, level, std::min(x, block_x), grid_.tiles_across) *
               pieces(grid_.height_px, level, std::min(y, block_y), grid_.tiles_down);
    }
    if (!content.ok()) return fail(Fault::out_of_range, offset);
    if (parts * grid_.components > kMaxPacketsAndBlocks) {
      return fail(Fault::limit_exceeded, offset);
    }
    return {};
  }

  Result<> read_tile_part() {
    const std::size_t start = at() - 2;
    WHORL_TRY(ByteReader content, segment());
    const std::size_t tile = content.u16(), length = content.u32();
    const unsigned part = content.u8(), declared = content.u8();
    if (!content.ok() || tile >= tiles_.size() || part != tiles_[tile].parts) {
      return fail(Fault::damaged_file, start);
    }
    ++tiles_[tile].parts;
    if (declared != 0) tiles_[tile].declared = declared;
    WHORL_TRY_VOID(read_header(kStartOfData));
    const std::size_t read = at() - start;
    if (length == 0) return skip_to_the_end();
    if (length < read) return fail(Fault::damaged_file, start);
    in_.take(length - read);
    return {};
  }

  // The last tile part need not say its length; then nothing follows the end of the stream.
  Result<> skip_to_the_end() {
    if (in_.remaining() < 2) return fail(Fault::truncated, bytes_.size());
    in_.take(in_.remaining() - 2);
    ByteReader last = in_;
    if (last.u16() != kEndOfStream) return fail(Fault::truncated, bytes_.size());
    return {};
  }

  std::span<const std::byte> bytes_;
  ByteReader in_;
  Grid grid_;
  std::vector<Tile> tiles_;
};

}  // namespace

Result<std::size_t> judge_jpeg2000_codestream(std::span<const std::byte> bytes, std::size_t start) {
  return Judge(bytes, start).end();
}

}  // namespace whorl::formats
