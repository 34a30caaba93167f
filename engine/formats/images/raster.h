#pragma once
// What the readers of pictures share: sizes judged, samples brought to 8 bits, resolutions
// understood. Nothing of it is seen outside this folder.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/image.h"
#include "engine/base/result.h"

namespace whorl::formats {

// Asked before memory is. Faults: out_of_range (no pixel at all), limit_exceeded.
Result<> check_image_size(std::uint64_t width_px, std::uint64_t height_px, std::uint64_t offset);

// A picture of zeroes of a size that was judged.
Image blank_image(int width_px, int height_px, int channels);

// Before writing: a size and a number of channels that the writers know. Faults: unsupported, and
// those of check_image_size. That the samples are all there is the caller's contract.
Result<> check_writable(const Image& image);

// What two resolutions in pixels per inch say together; 0, negative and not finite mean that the
// file does not say. docs/formats/images.md has the rule. Fault: bad_resolution (x and y differ by
// more than 1 %).
Result<std::optional<PixelsPerInch>> resolution_of(double x_ppi, double y_ppi,
                                                   std::uint64_t offset);
// Nothing where only the ratio of the sides of a pixel is known; the same fault.
Result<> check_square_pixels(double x, double y, std::uint64_t offset);

inline constexpr double kCmPerInch = 2.54;
inline constexpr double kMetresPerInch = 0.0254;

// 0 .. max to 0 .. 255, to the nearest.
constexpr std::uint8_t to_eight_bits(std::uint32_t value, std::uint32_t max) {
  return static_cast<std::uint8_t>((std::uint64_t{value} * 255 + max / 2) / max);
}
static_assert(to_eight_bits(65535, 65535) == 255 && to_eight_bits(1, 3) == 85);

// `sample` seen through `alpha` on white paper, to the nearest.
constexpr std::uint8_t over_white(std::uint8_t sample, std::uint8_t alpha) {
  return static_cast<std::uint8_t>((sample * alpha + 255 * (255 - alpha) + 127) / 255);
}
static_assert(over_white(0, 255) == 0 && over_white(0, 0) == 255 && over_white(255, 77) == 255);

// The same of a sample that was multiplied by its alpha already.
constexpr std::uint8_t premultiplied_over_white(std::uint8_t sample, std::uint8_t alpha) {
  return static_cast<std::uint8_t>(sample + 255 - alpha < 255 ? sample + 255 - alpha : 255);
}

using Rgb = std::array<std::uint8_t, 3>;

// Printing inks without a profile: how much light each lets pass, 255 all of it.
constexpr Rgb rgb_of_inks(std::uint8_t cyan, std::uint8_t magenta, std::uint8_t yellow,
                          std::uint8_t black) {
  return {to_eight_bits(std::uint32_t{cyan} * black, 255 * 255),
          to_eight_bits(std::uint32_t{magenta} * black, 255 * 255),
          to_eight_bits(std::uint32_t{yellow} * black, 255 * 255)};
}

// ITU-R BT.601 in full range, as JFIF and the sYCC of JPEG 2000 have it.
Rgb rgb_of_ycc(std::uint8_t luma, std::uint8_t blue, std::uint8_t red);

// Palettes hold colours, yet most fingerprints stored with one are grey: a picture whose pixels are
// all grey comes back with one channel.
Image grey_where_it_can_be(Image image);

// Row 0 and column 0 brought to the top left: `orientation` is TIFF's and EXIF's, 1 .. 8. The
// resolution is the same both ways, so it stays.
Image turned_upright(Image image, int orientation);

}  // namespace whorl::formats
