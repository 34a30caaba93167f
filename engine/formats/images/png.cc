// PNG (ISO/IEC 15948) through libpng, which no other file includes.

#include <png.h>

#include <cmath>
#include <cstring>
#include <new>

#include "engine/base/byte_reader.h"
#include "engine/base/limits.h"
#include "engine/formats/images/codecs.h"
#include "engine/formats/images/long_jump.h"
#include "engine/formats/images/raster.h"
#include "engine/formats/images/write_image.h"

namespace whorl::formats {
namespace {

// A profile or a text, unpacked: nothing of theirs is used. What libpng keeps is bounded too.
constexpr png_alloc_size_t kMaxChunkBytes = 4 * 1024 * 1024;
constexpr png_uint_32 kMaxKeptChunks = 64;

struct Session {
  std::jmp_buf jump{};
  png_structp png = nullptr;
  png_infop info = nullptr;
};

[[noreturn]] void on_error(png_structp png, png_const_charp /*text*/) {
  std::longjmp(static_cast<Session*>(png_get_error_ptr(png))->jump, 1);
}
void on_warning(png_structp /*png*/, png_const_charp /*text*/) {}

// --- Reading

struct Reader : Session {
  explicit Reader(std::span<const std::byte> bytes) : rest(bytes) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), on_error,
                                 on_warning);
    if (png != nullptr) info = png_create_info_struct(png);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }

  std::span<const std::byte> rest;
  bool past_end = false;
};

void give_bytes(png_structp png, png_bytep target, std::size_t count) {
  auto& reader = *static_cast<Reader*>(png_get_io_ptr(png));
  if (count > reader.rest.size()) {
    reader.past_end = true;
    png_error(png, "");
  }
  std::memcpy(target, reader.rest.data(), count);
  reader.rest = reader.rest.subspan(count);
}

// The header by ourselves: libpng says what is wrong in words alone.
Result<> check_header(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  in.take(8);
  const std::uint32_t length = in.u32(), type = in.u32();
  const std::uint64_t width_px = in.u32(), height_px = in.u32();
  const unsigned depth = in.u8(), colour = in.u8(), compression = in.u8(), filter = in.u8(),
                 interlace = in.u8();
  in.u32();
  if (!in.ok()) return fail(Fault::truncated, bytes.size());
  constexpr std::uint32_t kImageHeader = 0x49484452;  // "IHDR"
  if (length != 13 || type != kImageHeader) return fail(Fault::damaged_file, 8);
  WHORL_TRY_VOID(check_image_size(width_px, height_px, 16));
  const bool known_depth = depth == 8 || depth == 16                ? colour != 3 || depth == 8
                           : depth == 1 || depth == 2 || depth == 4 ? colour == 0 || colour == 3
                                                                    : false;
  const bool known_colour = colour == 0 || colour == 2 || colour == 3 || colour == 4 || colour == 6;
  if (!known_depth || !known_colour) return fail(Fault::out_of_range, 24);
  if (compression != 0 || filter != 0 || interlace > 1) return fail(Fault::out_of_range, 26);
  return {};
}

// How libpng is to hand on the rows: 8 bits a sample, alpha last where there is any.
struct Layout {
  int width_px = 0, height_px = 0, channels = 0, passes = 1;
  std::size_t row_bytes = 0;
  bool palette = false;
};

void prepare(Reader& reader, Layout& layout) {
  png_set_read_fn(reader.png, &reader, give_bytes);
  png_set_user_limits(reader.png, kMaxImageSidePx, kMaxImageSidePx);
  png_set_chunk_malloc_max(reader.png, kMaxChunkBytes);
  png_set_chunk_cache_max(reader.png, kMaxKeptChunks);
  png_set_crc_action(reader.png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(reader.png, reader.info);
  png_set_expand(reader.png);  // palettes, 1, 2 and 4 bits, transparent colours
  png_set_scale_16(reader.png);
  layout.passes = png_set_interlace_handling(reader.png);
  layout.palette = png_get_color_type(reader.png, reader.info) == PNG_COLOR_TYPE_PALETTE;
  png_read_update_info(reader.png, reader.info);
  layout.width_px = static_cast<int>(png_get_image_width(reader.png, reader.info));
  layout.height_px = static_cast<int>(png_get_image_height(reader.png, reader.info));
  layout.channels = png_get_channels(reader.png, reader.info);
  layout.row_bytes = png_get_rowbytes(reader.png, reader.info);
}

Error error_of(const Reader& reader, std::span<const std::byte> bytes) {
  if (reader.past_end) return Error{Fault::truncated, bytes.size(), {}};
  return Error{Fault::damaged_file, bytes.size() - reader.rest.size(), {}};
}

Result<std::optional<PixelsPerInch>> read_resolution(Reader& reader) {
  png_uint_32 x = 0, y = 0;
  int unit = PNG_RESOLUTION_UNKNOWN;
  if (png_get_pHYs(reader.png, reader.info, &x, &y, &unit) == 0) return std::nullopt;
  if (unit == PNG_RESOLUTION_METER) return resolution_of(x * kMetresPerInch, y * kMetresPerInch, 0);
  WHORL_TRY_VOID(check_square_pixels(x, y, 0));
  return std::nullopt;
}

void lay_on_white(std::span<const std::uint8_t> row, int channels, std::span<std::uint8_t> target) {
  const auto colours = static_cast<std::size_t>(channels) - 1, step = colours + 1;
  for (std::size_t i = 0, x = 0; i < target.size(); ++x) {
    for (std::size_t c = 0; c < colours; ++c, ++i) {
      target[i] = over_white(row[x * step + c], row[x * step + colours]);
    }
  }
}

// Interlaced rows are complete only after the last pass, others come one by one.
Result<Image> read_pixels(Reader& reader, const Layout& layout, std::span<const std::byte> bytes) {
  const bool alpha = layout.channels % 2 == 0;
  Image image =
      blank_image(layout.width_px, layout.height_px, layout.channels - static_cast<int>(alpha));
  const auto height = static_cast<std::size_t>(layout.height_px);
  const std::size_t image_row_bytes = image.samples.size() / height;
  const std::size_t kept_rows = !alpha ? 0 : layout.passes > 1 ? height : 1;
  std::vector<std::uint8_t> kept(kept_rows * layout.row_bytes);
  for (int pass = 1; pass <= layout.passes; ++pass) {
    for (std::size_t y = 0; y < height; ++y) {
      const auto target = std::span(image.samples).subspan(y * image_row_bytes, image_row_bytes);
      const std::size_t kept_at = (kept_rows > 1 ? y : 0) * layout.row_bytes;
      std::uint8_t* row = alpha ? kept.data() + kept_at : target.data();
      if (!completes(reader.jump, [&] { png_read_row(reader.png, row, nullptr); })) {
        return tl::unexpected<Error>(error_of(reader, bytes));
      }
      if (!alpha || pass < layout.passes) continue;
      lay_on_white(std::span(kept).subspan(kept_at, layout.row_bytes), layout.channels, target);
    }
  }
  return layout.palette ? grey_where_it_can_be(std::move(image)) : std::move(image);
}

// --- Writing

struct Writer : Session {
  Writer() {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, static_cast<Session*>(this), on_error,
                                  on_warning);
    if (png != nullptr) info = png_create_info_struct(png);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { png_destroy_write_struct(&png, &info); }

  ByteWriter out;
};

void take_bytes(png_structp png, png_bytep data, std::size_t count) {
  auto& writer = *static_cast<Writer*>(png_get_io_ptr(png));
  bool taken = true;
  try {
    writer.out.bytes(std::as_bytes(std::span(data, count)));
  } catch (const std::bad_alloc&) {
    taken = false;  // told to libpng only outside: a longjmp may not leave a handler
  }
  if (!taken) png_error(png, "");
}
void flush(png_structp /*png*/) {}

void write(Writer& writer, const Image& image) {
  png_set_write_fn(writer.png, &writer, take_bytes, flush);
  png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width_px),
               static_cast<png_uint_32>(image.height_px), 8,
               image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (image.ppi) {
    const auto per_metre =
        static_cast<png_uint_32>(std::lround(image.ppi->value() / kMetresPerInch));
    png_set_pHYs(writer.png, writer.info, per_metre, per_metre, PNG_RESOLUTION_METER);
  }
  png_write_info(writer.png, writer.info);
  const auto height = static_cast<std::size_t>(image.height_px);
  const std::size_t row_bytes = image.samples.size() / height;
  for (std::size_t y = 0; y < height; ++y) {
    png_write_row(writer.png, image.samples.data() + y * row_bytes);
  }
  png_write_end(writer.png, writer.info);
}

}  // namespace

Result<Image> decode_png(std::span<const std::byte> bytes) {
  WHORL_TRY_VOID(check_header(bytes));
  Reader reader(bytes);
  if (reader.info == nullptr) return fail(Fault::out_of_memory);
  Layout layout;
  if (!completes(reader.jump, [&] { prepare(reader, layout); })) {
    return tl::unexpected<Error>(error_of(reader, bytes));
  }
  WHORL_TRY(Image image, read_pixels(reader, layout, bytes));
  if (!completes(reader.jump, [&] { png_read_end(reader.png, reader.info); })) {
    return tl::unexpected<Error>(error_of(reader, bytes));
  }
  WHORL_TRY(image.ppi, read_resolution(reader));
  return image;
}

Result<Bytes> encode_png(const Image& image) {
  WHORL_TRY_VOID(check_writable(image));
  Writer writer;
  if (writer.info == nullptr) return fail(Fault::out_of_memory);
  if (!completes(writer.jump, [&] { write(writer, image); })) return fail(Fault::out_of_memory);
  return writer.out.take();
}

}  // namespace whorl::formats
