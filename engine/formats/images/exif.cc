#include "engine/formats/images/exif.h"

#include <algorithm>
#include <string_view>

#include "engine/base/byte_writer.h"
#include "engine/formats/images/endian_reader.h"

namespace whorl::formats {
namespace {

using namespace std::string_view_literals;

constexpr int kUpright = 1;
constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kShortType = 3;

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(as_bytes(text).begin(), as_bytes(text).end(), bytes.begin());
}

}  // namespace

int exif_orientation(std::span<const std::byte> app1) {
  constexpr std::string_view kExif = "Exif\0\0"sv;
  if (!begins_with(app1, kExif)) return kUpright;
  const auto tiff = app1.subspan(kExif.size());
  const bool little = begins_with(tiff, "II*\0"sv);
  if (!little && !begins_with(tiff, "MM\0*"sv)) return kUpright;
  EndianReader in(tiff, little);
  in.take(4);
  const std::uint32_t directory_at = in.u32();
  EndianReader directory(tiff, little);
  directory.take(directory_at);
  const int entries = directory.u16();
  for (int i = 0; i < entries && directory.ok(); ++i) {
    const std::uint16_t tag = directory.u16(), type = directory.u16();
    const std::uint32_t count = directory.u32();
    const std::uint16_t value = directory.u16();
    directory.u16();
    if (tag != kOrientationTag || !directory.ok()) continue;
    return type == kShortType && count == 1 && value >= 1 && value <= 8 ? value : kUpright;
  }
  return kUpright;
}

}  // namespace whorl::formats
