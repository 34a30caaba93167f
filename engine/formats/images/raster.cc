#include "engine/formats/images/raster.h"

#include <algorithm>
#include <cmath>

#include "engine/base/limits.h"
#include "kernels/core.h"

namespace whorl::formats {
namespace {

constexpr double kSquarePixels = 0.01;  // a scanner's two motors agree far better than this
// What scanners are built for. Files round: 500 ppi is 197 pixels per cm or 19685 per metre, and
// 250 ppi lies 0.43 % from a whole number of pixels per cm.
constexpr std::array<double, 6> kUsualPpi = {250, 300, 500, 600, 1000, 1200};
constexpr double kRounding = 0.005;

bool said(double ppi) { return std::isfinite(ppi) && ppi > 0; }

double snapped(double ppi) {
  for (const double usual : kUsualPpi) {
    if (std::abs(ppi - usual) <= usual * kRounding) return usual;
  }
  return ppi;
}

}  // namespace

Result<> check_image_size(std::uint64_t width_px, std::uint64_t height_px, std::uint64_t offset) {
  if (width_px == 0 || height_px == 0) return fail(Fault::out_of_range, offset);
  if (width_px > kMaxImageSidePx || height_px > kMaxImageSidePx ||
      width_px * height_px > std::uint64_t{kMaxImagePixels}) {
    return fail(Fault::limit_exceeded, offset);
  }
  return {};
}

Image blank_image(int width_px, int height_px, int channels) {
  Image image{width_px, height_px, channels, std::nullopt, {}};
  image.samples.resize(static_cast<std::size_t>(std::int64_t{width_px} * height_px * channels));
  return image;
}

Result<> check_writable(const Image& image) {
  if (image.channels != 1 && image.channels != 3) return fail(Fault::unsupported);
  WHORL_TRY_VOID(check_image_size(static_cast<std::uint64_t>(std::max(image.width_px, 0)),
                                  static_cast<std::uint64_t>(std::max(image.height_px, 0)), 0));
  const std::int64_t samples = std::int64_t{image.width_px} * image.height_px * image.channels;
  WHORL_CHECK(static_cast<std::int64_t>(image.samples.size()) == samples);
  return {};
}

Result<> check_square_pixels(double x, double y, std::uint64_t offset) {
  if (!said(x) || !said(y)) return {};
  if (std::abs(x - y) > kSquarePixels * std::max(x, y)) return fail(Fault::bad_resolution, offset);
  return {};
}

Result<std::optional<PixelsPerInch>> resolution_of(double x_ppi, double y_ppi,
                                                   std::uint64_t offset) {
  if (!said(x_ppi) || !said(y_ppi)) return std::nullopt;
  WHORL_TRY_VOID(check_square_pixels(x_ppi, y_ppi, offset));
  const double ppi = snapped((x_ppi + y_ppi) / 2);
  if (ppi < kMinPixelsPerInch || ppi > kMaxPixelsPerInch) return std::nullopt;
  return PixelsPerInch{ppi};
}

Rgb rgb_of_ycc(std::uint8_t luma, std::uint8_t blue, std::uint8_t red) {
  const double cb = blue - 128.0, cr = red - 128.0;
  const auto clamped = [](double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  };
  return {clamped(luma + 1.402 * cr), clamped(luma - 0.344136 * cb - 0.714136 * cr),
          clamped(luma + 1.772 * cb)};
}

Image grey_where_it_can_be(Image image) {
  if (image.channels != 3) return image;
  const auto& samples = image.samples;
  for (std::size_t i = 0; i + 2 < samples.size(); i += 3) {
    if (samples[i] != samples[i + 1] || samples[i] != samples[i + 2]) return image;
  }
  for (std::size_t i = 0; 3 * i < samples.size(); ++i) image.samples[i] = samples[3 * i];
  image.samples.resize(samples.size() / 3);
  image.channels = 1;
  return image;
}

Image turned_upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool sideways = orientation >= 5;  // the stored rows are the picture's columns
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool from_bottom =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Image upright = image;
  if (sideways) std::swap(upright.width_px, upright.height_px);
  const std::int64_t channels = image.channels, stored_width = image.width_px;
  auto target = upright.samples.begin();
  for (std::int64_t y = 0; y < upright.height_px; ++y) {
    const std::int64_t v = from_bottom ? upright.height_px - 1 - y : y;
    for (std::int64_t x = 0; x < upright.width_px; ++x) {
      const std::int64_t u = from_right ? upright.width_px - 1 - x : x;
      const std::int64_t pixel = sideways ? u * stored_width + v : v * stored_width + u;
      target = std::copy_n(image.samples.begin() + pixel * channels, channels, target);
    }
  }
  return upright;
}

}  // namespace whorl::formats
