// Netpbm's portable graymaps and pixmaps: P2 and P3 in ASCII, P5 and P6 in binary.

#include <string>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/formats/images/codecs.h"
#include "engine/formats/images/raster.h"
#include "engine/formats/images/write_image.h"

namespace whorl::formats {
namespace {

constexpr std::uint32_t kMaxSample = 65535;

// Numbers between white space, with comments from '#' to the end of a line.
class Text {
 public:
  explicit Text(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // The number and the one white space behind it, without which more digits may be missing.
  Result<std::uint32_t> number(std::uint32_t most, Fault beyond) {
    skip_space();
    const std::size_t start = at_;
    std::uint32_t value = 0;
    for (; at_ < bytes_.size() && is_digit(here()); ++at_) {
      value = value * 10 + std::to_integer<std::uint32_t>(here()) - '0';
      if (value > most) return fail(beyond, start);
    }
    if (at_ == bytes_.size()) return fail(Fault::truncated, at_);
    if (at_ == start || !is_space(here())) return fail(Fault::out_of_range, at_);
    ++at_;
    return value;
  }

  std::size_t offset() const { return at_; }

 private:
  std::byte here() const { return bytes_[at_]; }
  static bool is_digit(std::byte b) { return b >= std::byte{'0'} && b <= std::byte{'9'}; }
  static bool is_space(std::byte b) {
    return b == std::byte{' '} || (b >= std::byte{'\t'} && b <= std::byte{'\r'});
  }
  void skip_space() {
    for (; at_ < bytes_.size(); ++at_) {
      if (here() == std::byte{'#'}) {
        while (at_ < bytes_.size() && here() != std::byte{'\n'}) ++at_;
        if (at_ == bytes_.size()) return;
      } else if (!is_space(here())) {
        return;
      }
    }
  }

  std::span<const std::byte> bytes_;
  std::size_t at_ = 2;  // behind the magic
};

Result<> read_text_samples(Text& text, std::uint32_t max, std::span<std::uint8_t> samples) {
  for (std::uint8_t& sample : samples) {
    WHORL_TRY(const std::uint32_t value, text.number(max, Fault::out_of_range));
    sample = to_eight_bits(value, max);
  }
  return {};
}

Result<> read_binary_samples(std::span<const std::byte> raw, std::uint64_t offset,
                             std::uint32_t max, std::span<std::uint8_t> samples) {
  const std::size_t width = max > 255 ? 2 : 1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::uint32_t value = std::to_integer<std::uint32_t>(raw[i * width]);
    if (width == 2) value = value << 8U | std::to_integer<std::uint32_t>(raw[2 * i + 1]);
    if (value > max) return fail(Fault::out_of_range, offset + i * width);
    samples[i] = to_eight_bits(value, max);
  }
  return {};
}

}  // namespace

Result<Image> decode_pnm(std::span<const std::byte> bytes) {
  if (bytes.size() < 2) return fail(Fault::truncated, bytes.size());
  const char kind = static_cast<char>(bytes[1]);
  if (kind == '1' || kind == '4') return fail(Fault::unsupported, 1);  // bitmaps
  constexpr std::string_view kBehindMagic = "# \t\n\v\f\r";
  if (bytes.size() > 2 && kBehindMagic.find(static_cast<char>(bytes[2])) == kBehindMagic.npos) {
    return fail(Fault::bad_magic, 2);
  }
  const bool colour = kind == '3' || kind == '6', text_samples = kind == '2' || kind == '3';

  Text text(bytes);
  constexpr std::uint32_t kAnySize = 100'000'000;  // judged below, with the other side
  WHORL_TRY(const std::uint32_t width, text.number(kAnySize, Fault::limit_exceeded));
  WHORL_TRY(const std::uint32_t height, text.number(kAnySize, Fault::limit_exceeded));
  const std::size_t size_end = text.offset();
  WHORL_TRY(const std::uint32_t max, text.number(kMaxSample, Fault::out_of_range));
  WHORL_TRY_VOID(check_image_size(width, height, 2));
  if (max == 0) return fail(Fault::out_of_range, size_end);

  // Every sample takes a byte at least: what is not there is missed before memory is asked for.
  const std::uint64_t samples = std::uint64_t{width} * height * (colour ? 3 : 1);
  const std::uint64_t least_bytes = samples * (text_samples || max > 255 ? 2 : 1);
  const auto raw = bytes.subspan(text.offset());
  if (raw.size() < least_bytes) return fail(Fault::truncated, bytes.size());
  Image image = blank_image(static_cast<int>(width), static_cast<int>(height), colour ? 3 : 1);
  WHORL_TRY_VOID(text_samples ? read_text_samples(text, max, image.samples)
                              : read_binary_samples(raw, text.offset(), max, image.samples));
  return image;
}

Result<Bytes> encode_pnm(const Image& image) {
  WHORL_TRY_VOID(check_writable(image));
  ByteWriter out;
  out.text(image.channels == 1 ? "P5\n" : "P6\n");
  out.text(std::to_string(image.width_px) + " " + std::to_string(image.height_px) + "\n255\n");
  out.bytes(std::as_bytes(std::span(image.samples)));
  return out.take();
}

}  // namespace whorl::formats
