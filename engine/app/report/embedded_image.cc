#include "engine/app/report/embedded_image.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/formats/file_io.h"

namespace whorl::app {
namespace {

constexpr std::uint64_t kPngSignature = 0x89504E470D0A1A0A;
constexpr std::uint32_t kHeaderChunk = 0x49484452, kEndChunk = 0x49454E44;  // IHDR, IEND
constexpr std::uint16_t kJpegStart = 0xFFD8;
constexpr std::array kJpegEnd{std::byte{0xFF}, std::byte{0xD9}};

struct Size {
  std::uint32_t width_px = 0, height_px = 0;
};

tl::unexpected<Error> truncated(const ByteReader& in) {
  return fail(Fault::truncated, in.offset());
}

// PNG (ISO/IEC 15948): after the signature, chunks of length, type, data, checksum.
Result<Size> png_size(ByteReader& in) {
  Size size;
  for (bool first = true;; first = false) {
    const std::uint64_t at = in.offset();
    const std::uint32_t length = in.u32(), type = in.u32();
    ByteReader chunk(in.take(length));
    in.u32();  // the checksum is the browser's to judge
    if (!in.ok()) return truncated(in);
    if (first != (type == kHeaderChunk)) return fail(Fault::out_of_range, at);
    if (first) size = {chunk.u32(), chunk.u32()};
    if (!chunk.ok()) return fail(Fault::out_of_range, at);
    if (type == kEndChunk) break;
  }
  if (in.remaining() > 0) return fail(Fault::length_mismatch, in.offset());
  return size;
}

bool begins_frame(std::uint8_t marker) {
  constexpr std::array<std::uint8_t, 3> kOthers{0xC4, 0xC8, 0xCC};  // tables, reserved, arithmetic
  return marker >= 0xC0 && marker <= 0xCF && std::ranges::find(kOthers, marker) == kOthers.end();
}

// JPEG (ITU-T T.81, B.2): marker segments up to the frame header, which knows the size. What a
// camera adds after the end is let pass.
Result<Size> jpeg_size(ByteReader& in, std::span<const std::byte> bytes) {
  for (;;) {
    const std::uint64_t at = in.offset();
    if (in.u8() != 0xFF) return in.ok() ? fail(Fault::out_of_range, at) : truncated(in);
    std::uint8_t marker = in.u8();
    while (marker == 0xFF) marker = in.u8();  // fill bytes
    const std::uint16_t length = in.u16();
    if (!in.ok()) return truncated(in);
    if (length < 2 || marker == 0xDA) return fail(Fault::out_of_range, at);
    ByteReader segment(in.take(length - std::size_t{2}));
    if (!in.ok()) return truncated(in);
    if (!begins_frame(marker)) continue;
    segment.u8();  // bits a sample
    const std::uint32_t height = segment.u16(), width = segment.u16();
    if (!segment.ok()) return fail(Fault::out_of_range, at);
    const auto rest = bytes.subspan(in.offset());
    if (std::search(rest.begin(), rest.end(), kJpegEnd.begin(), kJpegEnd.end()) == rest.end())
      return fail(Fault::truncated, bytes.size());
    return Size{width, height};
  }
}

std::string base64(std::span<const std::byte> bytes) {  // RFC 4648, 4
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0);
    }
    for (std::size_t digit = 0; digit < 4; ++digit) {
      text += digit > count ? '=' : kDigits[group >> (18 - 6 * digit) & 0x3FU];
    }
  }
  return text;
}

}  // namespace

Result<EmbeddedImage> embed_image(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (bytes.size() > kMaxEmbeddedBytes) return fail(Fault::limit_exceeded, kMaxEmbeddedBytes);
  ByteReader as_png(bytes), as_jpeg(bytes);
  const bool png = as_png.u64() == kPngSignature && as_png.ok();
  if (!png && as_jpeg.u16() != kJpegStart) return fail(Fault::bad_magic);
  WHORL_TRY(const Size size, png ? png_size(as_png) : jpeg_size(as_jpeg, bytes));
  if (size.width_px == 0 || size.height_px == 0) return fail(Fault::out_of_range);
  if (std::max(size.width_px, size.height_px) > kMaxEmbeddedSidePx) {
    return fail(Fault::limit_exceeded);
  }
  const std::string type = png ? "png" : "jpeg";
  return EmbeddedImage{size.width_px, size.height_px,
                       "data:image/" + type + ";base64," + base64(bytes)};
}

Result<EmbeddedImage> embed_image_file(const std::filesystem::path& path) {
  WHORL_TRY(const Bytes bytes, formats::read_file(path, kMaxEmbeddedBytes));
  Result<EmbeddedImage> image = embed_image(bytes);
  if (!image) return at(std::move(image).error(), path.string() + ", as PNG or JPEG");
  return image;
}

}  // namespace whorl::app
