#include "engine/formats/images/read_image.h"

#include <algorithm>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/base/limits.h"
#include "engine/formats/images/codecs.h"
#include "engine/formats/images/wsq.h"

namespace whorl::formats {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  ImageFormat format;
};
constexpr Magic kMagics[] = {
    {"\x89PNG\r\n\x1A\n"sv, ImageFormat::png},
    {"\xFF\xD8\xFF"sv, ImageFormat::jpeg},
    {"II*\0"sv, ImageFormat::tiff},
    {"MM\0*"sv, ImageFormat::tiff},
    {"II+\0"sv, ImageFormat::tiff},  // with offsets of 64 bits
    {"MM\0+"sv, ImageFormat::tiff},
    {"BM"sv, ImageFormat::bmp},
    {"P1"sv, ImageFormat::pnm},
    {"P2"sv, ImageFormat::pnm},
    {"P3"sv, ImageFormat::pnm},
    {"P4"sv, ImageFormat::pnm},
    {"P5"sv, ImageFormat::pnm},
    {"P6"sv, ImageFormat::pnm},
    {"\0\0\0\x0CjP  \r\n\x87\n"sv, ImageFormat::jpeg2000},
    {"\xFF\x4F\xFF\x51"sv, ImageFormat::jpeg2000},  // a codestream without boxes
    {"\xFF\xA0"sv, ImageFormat::wsq},
};

bool begin_alike(std::span<const std::byte> bytes, std::string_view magic) {
  const std::size_t shared = std::min(bytes.size(), magic.size());
  return std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(shared),
                    as_bytes(magic).begin());
}

}  // namespace

std::optional<ImageFormat> detect_image_format(std::span<const std::byte> bytes) {
  for (const Magic& magic : kMagics) {
    if (bytes.size() >= magic.bytes.size() && begin_alike(bytes, magic.bytes)) return magic.format;
  }
  return std::nullopt;
}

Result<Image> read_image(std::span<const std::byte> bytes) {
  if (bytes.empty()) return fail(Fault::empty_input);
  if (bytes.size() > kMaxImageFileBytes) return fail(Fault::limit_exceeded, kMaxImageFileBytes);
  const std::optional<ImageFormat> format = detect_image_format(bytes);
  if (!format) {
    const bool begun = std::any_of(std::begin(kMagics), std::end(kMagics), [&](const Magic& m) {
      return begin_alike(bytes, m.bytes);  // only a piece of the magic is there
    });
    return begun ? fail(Fault::truncated, bytes.size()) : fail(Fault::bad_magic);
  }
  switch (*format) {
    case ImageFormat::png:
      return decode_png(bytes);
    case ImageFormat::jpeg:
      return decode_jpeg(bytes);
    case ImageFormat::tiff:
      return decode_tiff(bytes);
    case ImageFormat::bmp:
      return decode_bmp(bytes);
    case ImageFormat::pnm:
      return decode_pnm(bytes);
    case ImageFormat::jpeg2000:
      return decode_jpeg2000(bytes);
    case ImageFormat::wsq:
      return decode_wsq(bytes);
  }
  return fail(Fault::bad_magic);
}

}  // namespace whorl::formats
