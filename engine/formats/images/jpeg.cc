// JPEG (ISO/IEC 10918-1, JFIF, EXIF's orientation, Adobe's colours) through libjpeg, which no other
// file includes.

#include <algorithm>
// jpeglib.h names FILE and leaves it to us.
// clang-format off
#include <cstdio>
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "engine/formats/images/codecs.h"
#include "engine/formats/images/exif.h"
#include "engine/formats/images/long_jump.h"
#include "engine/formats/images/raster.h"

namespace whorl::formats {
namespace {

// Encoders write 6 to 20 of them for a progressive picture. Each goes through the whole picture,
// however few bytes it has.
constexpr int kMaxScans = 100;
constexpr unsigned kMaxSegmentBytes = 0xFFFF;

struct Reader {
  explicit Reader(std::span<const std::byte> bytes);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { jpeg_destroy_decompress(&info); }

  Error error() const { return Error{fault, size - source.bytes_in_buffer, {}}; }

  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  jpeg_source_mgr source{};
  jpeg_progress_mgr progress{};
  std::jmp_buf jump{};
  std::size_t size;
  Fault fault = Fault::damaged_file;
};

[[noreturn]] void leave(j_common_ptr info, Fault fault) {
  auto& reader = *static_cast<Reader*>(info->client_data);
  reader.fault = fault;
  std::longjmp(reader.jump, 1);
}

Fault fault_of(int code) {
  switch (code) {
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
      return Fault::unsupported;
    case JERR_EMPTY_IMAGE:
      return Fault::out_of_range;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
      return Fault::limit_exceeded;
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return Fault::out_of_memory;
    default:
      return Fault::damaged_file;
  }
}

void on_error(j_common_ptr info) { leave(info, fault_of(info->err->msg_code)); }

// libjpeg calls damage a warning and guesses the rest of the picture. These alone leave it whole:
// bytes between segments, an odd colour transform, a newer JFIF, a profile that is not used, and
// fields of a scan that mean nothing in a sequential picture (telephones leave them 0).
void on_message(j_common_ptr info, int level) {
  const bool is_warning = level < 0;
  const int code = info->err->msg_code;
  if (!is_warning || code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM ||
      code == JWRN_JFIF_MAJOR || code == JWRN_BOGUS_ICC || code == JWRN_NOT_SEQUENTIAL) {
    return;
  }
  leave(info, Fault::damaged_file);
}

void print_nothing(j_common_ptr /*info*/) {}

void begin_source(j_decompress_ptr /*info*/) {}
void end_source(j_decompress_ptr /*info*/) {}

// All bytes are in the buffer from the start, so being asked for more means that they end early.
boolean no_more_bytes(j_decompress_ptr info) {
  info->src->bytes_in_buffer = 0;
  leave(static_cast<j_common_ptr>(static_cast<void*>(info)), Fault::truncated);
}
void skip_bytes(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const auto skipped = static_cast<std::size_t>(count);
  if (skipped > info->src->bytes_in_buffer) no_more_bytes(info);
  info->src->next_input_byte += skipped;
  info->src->bytes_in_buffer -= skipped;
}

void count_scans(j_common_ptr common) {
  const auto* info = static_cast<j_decompress_ptr>(static_cast<void*>(common));
  if (info->input_scan_number > kMaxScans) leave(common, Fault::limit_exceeded);
}

Reader::Reader(std::span<const std::byte> bytes) : size(bytes.size()) {
  info.err = jpeg_std_error(&errors);
  errors.error_exit = on_error;
  errors.emit_message = on_message;
  errors.output_message = print_nothing;
  info.client_data = this;
  // The library's view of the bytes is of unsigned char; it only reads them.
  source.next_input_byte = static_cast<const JOCTET*>(static_cast<const void*>(bytes.data()));
  source.bytes_in_buffer = bytes.size();
  source.init_source = begin_source;
  source.fill_input_buffer = no_more_bytes;
  source.skip_input_data = skip_bytes;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = end_source;
  progress.progress_monitor = count_scans;
}

void read_header(Reader& reader) {
  jpeg_create_decompress(&reader.info);  // clears all but the error handler and client_data
  reader.info.src = &reader.source;
  reader.info.progress = &reader.progress;
  jpeg_save_markers(&reader.info, JPEG_APP0 + 1, kMaxSegmentBytes);
  jpeg_read_header(&reader.info, TRUE);
}

Result<> choose_colours(Reader& reader) {
  switch (reader.info.num_components) {
    case 1:
      reader.info.out_color_space = JCS_GRAYSCALE;
      return {};
    case 3:
      reader.info.out_color_space = JCS_RGB;
      return {};
    case 4:
      reader.info.out_color_space = JCS_CMYK;
      return {};
    default:
      return fail(Fault::unsupported, reader.error().offset);
  }
}

Result<std::optional<PixelsPerInch>> read_resolution(const Reader& reader) {
  constexpr std::uint64_t kDensityAt = 14;  // JFIF stands first
  if (reader.info.saw_JFIF_marker == 0) return std::nullopt;
  const double x = reader.info.X_density, y = reader.info.Y_density;
  constexpr int kPerInch = 1, kPerCm = 2;
  if (reader.info.density_unit == kPerInch) return resolution_of(x, y, kDensityAt);
  if (reader.info.density_unit == kPerCm) {
    return resolution_of(x * kCmPerInch, y * kCmPerInch, kDensityAt);
  }
  WHORL_TRY_VOID(check_square_pixels(x, y, kDensityAt));
  return std::nullopt;
}

int read_orientation(const Reader& reader) {
  for (auto* marker = reader.info.marker_list; marker != nullptr; marker = marker->next) {
    const int orientation =
        exif_orientation(std::as_bytes(std::span(marker->data, marker->data_length)));
    if (orientation != 1) return orientation;
  }
  return 1;
}

// Adobe stores how much light each ink lets pass, others how much ink there is.
void inks_to_rgb(const std::vector<std::uint8_t>& inks, bool as_light,
                 std::span<std::uint8_t> target) {
  const auto light = [&](std::size_t i) {
    return static_cast<std::uint8_t>(as_light ? inks[i] : 255 - inks[i]);
  };
  for (std::size_t x = 0; 3 * x < target.size(); ++x) {
    const Rgb rgb = rgb_of_inks(light(4 * x), light(4 * x + 1), light(4 * x + 2), light(4 * x + 3));
    std::copy(rgb.begin(), rgb.end(), target.begin() + static_cast<std::ptrdiff_t>(3 * x));
  }
}

Result<> read_rows(Reader& reader, Image& image) {
  const auto height = static_cast<std::size_t>(image.height_px);
  const std::size_t row_bytes = image.samples.size() / height;
  const bool inks = reader.info.out_color_space == JCS_CMYK;
  std::vector<std::uint8_t> ink_row(inks ? row_bytes / 3 * 4 : 0);
  for (std::size_t y = 0; y < height; ++y) {
    const auto target = std::span(image.samples).subspan(y * row_bytes, row_bytes);
    JSAMPROW row = inks ? ink_row.data() : target.data();
    if (!completes(reader.jump, [&] { jpeg_read_scanlines(&reader.info, &row, 1); })) {
      return tl::unexpected<Error>(reader.error());
    }
    if (inks) inks_to_rgb(ink_row, reader.info.saw_Adobe_marker != 0, target);
  }
  return {};
}

}  // namespace

Result<Image> decode_jpeg(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  if (!completes(reader.jump, [&] { read_header(reader); })) {
    return tl::unexpected<Error>(reader.error());
  }
  const auto& info = reader.info;
  WHORL_TRY_VOID(check_image_size(info.image_width, info.image_height, reader.error().offset));
  WHORL_TRY_VOID(choose_colours(reader));
  WHORL_TRY(const std::optional<PixelsPerInch> ppi, read_resolution(reader));
  const int orientation = read_orientation(reader);
  if (!completes(reader.jump, [&] { jpeg_start_decompress(&reader.info); })) {
    return tl::unexpected<Error>(reader.error());
  }
  Image image = blank_image(static_cast<int>(info.image_width), static_cast<int>(info.image_height),
                            info.num_components == 1 ? 1 : 3);
  image.ppi = ppi;
  WHORL_TRY_VOID(read_rows(reader, image));
  if (!completes(reader.jump, [&] { jpeg_finish_decompress(&reader.info); })) {
    return tl::unexpected<Error>(reader.error());
  }
  return turned_upright(std::move(image), orientation);
}

}  // namespace whorl::formats
