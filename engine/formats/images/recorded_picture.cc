#include "engine/formats/images/recorded_picture.h"

#include <utility>

#include "engine/base/byte_reader.h"
#include "engine/formats/images/raster.h"
#include "engine/formats/images/read_image.h"

namespace whorl::formats {
namespace {

constexpr int kMaxGreyBits = 16;
constexpr int kColourBits = 24;

// Takes samples of any width from the top bit down.
class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> bytes) : in_(bytes) {}
  std::uint32_t take(int bits) {
    while (held_ < bits) {
      bits_ = bits_ << 8U | in_.u8();
      held_ += 8;
    }
    held_ -= bits;
    return static_cast<std::uint32_t>(bits_ >> static_cast<unsigned>(held_)) &
           ((1U << static_cast<unsigned>(bits)) - 1U);
  }
  void skip_to_byte() { held_ = 0; }

 private:
  ByteReader in_;
  std::uint64_t bits_ = 0;  // the low `held_` bits of it are still to be taken
  int held_ = 0;
};

// How a raw picture lies in its bytes.
struct RawLayout {
  int channels = 1;
  int bits = 8;             // read for a sample
  std::uint32_t max = 255;  // the brightest sample
  bool rows_begin_at_bytes = true;
};

Result<RawLayout> layout_of(const RecordedPicture& picture) {
  RawLayout layout;
  const bool colour = picture.depth_bits == kColourBits;
  if (picture.depth_bits < 1 || (picture.depth_bits > kMaxGreyBits && !colour)) {
    return fail(Fault::out_of_range, picture.offset);
  }
  const int depth = colour ? 8 : picture.depth_bits;
  layout.channels = colour ? 3 : 1;
  layout.max = (1U << static_cast<unsigned>(depth)) - 1U;
  layout.bits = picture.coding == SampleCoding::packed ? depth : depth > 8 ? 16 : 8;
  const std::int64_t row_bits = std::int64_t{picture.width_px} * layout.channels * layout.bits;
  const std::int64_t padded_bytes = (row_bits + 7) / 8 * picture.height_px;
  const std::int64_t dense_bytes = (row_bits * picture.height_px + 7) / 8;
  const std::int64_t there = std::ssize(picture.data);
  if (there != padded_bytes && there != dense_bytes) {
    return fail(Fault::length_mismatch, picture.offset);
  }
  layout.rows_begin_at_bytes = there == padded_bytes;
  return layout;
}

Result<Image> decode_raw(const RecordedPicture& picture) {
  WHORL_TRY(const RawLayout layout, layout_of(picture));
  Image image = blank_image(picture.width_px, picture.height_px, layout.channels);
  BitReader in(picture.data);
  auto target = image.samples.begin();
  const int row_samples = image.width_px * image.channels;
  for (int y = 0; y < image.height_px; ++y) {
    for (int x = 0; x < row_samples; ++x) {
      const std::uint32_t sample = in.take(layout.bits);
      if (sample > layout.max) return fail(Fault::out_of_range, picture.offset);
      *target++ = to_eight_bits(picture.zero_is_white ? layout.max - sample : sample, layout.max);
    }
    if (layout.rows_begin_at_bytes) in.skip_to_byte();
  }
  return image;
}

// Records hold what their standards list; a BMP's two letters are pixels more often than not.
bool in_records(ImageFormat format) {
  return format != ImageFormat::bmp && format != ImageFormat::pnm;
}

Result<Image> decode_compressed(const RecordedPicture& picture) {
  if (picture.data.empty()) return fail(Fault::length_mismatch, picture.offset);
  const auto format = detect_image_format(picture.data);
  if (!format || !in_records(*format)) return fail(Fault::bad_magic, picture.offset);
  auto image = read_image(picture.data);
  if (!image) {
    Error error = std::move(image).error();
    error.offset += picture.offset;
    return tl::unexpected<Error>(std::move(error));
  }
  const bool as_declared =
      image->width_px == picture.width_px && image->height_px == picture.height_px;
  if (!as_declared && !picture.size_may_differ) {
    return fail(Fault::length_mismatch, picture.offset);
  }
  return image;
}

Result<> check_declared_size(const RecordedPicture& picture) {
  if (picture.coding == SampleCoding::compressed && picture.size_may_differ) return {};
  const bool sizes_known = picture.width_px >= 0 && picture.height_px >= 0;
  if (!sizes_known) return fail(Fault::out_of_range, picture.offset);
  return check_image_size(static_cast<std::uint64_t>(picture.width_px),
                          static_cast<std::uint64_t>(picture.height_px), picture.offset);
}

}  // namespace

Result<Image> decode_picture(const RecordedPicture& picture) {
  WHORL_TRY_VOID(check_declared_size(picture));
  auto image =
      picture.coding == SampleCoding::compressed ? decode_compressed(picture) : decode_raw(picture);
  if (image && picture.ppi) image->ppi = picture.ppi;
  return image;
}

}  // namespace whorl::formats
