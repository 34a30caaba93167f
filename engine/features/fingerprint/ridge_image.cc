#include "engine/features/fingerprint/ridge_image.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/base/limits.h"
#include "engine/formats/minutiae_record.h"

namespace whorl::features {
namespace {

constexpr float kNeighbourhoodPx = 14;  // one and a half ridge periods of an adult
constexpr float kContrastFloorShare = 0.1F;
constexpr float kContrastFloorGrey = 2;
// A picture this near to 500 ppi keeps its pixels: over a whole finger that is half a ridge.
constexpr double kSameScale = 0.002;

Field grey_of(const Image& image) {
  Field grey(image.width_px, image.height_px);
  const std::uint8_t* s = image.samples.data();
  float* to = grey.cells().data();
  if (image.channels == 1) {
    for (std::ptrdiff_t i = 0; i < grey.size(); ++i) to[i] = s[i];
  } else {  // ITU-R BT.601, what JPEG calls luminance
    for (std::ptrdiff_t i = 0; i < grey.size(); ++i, s += 3) {
      to[i] = 0.299F * static_cast<float>(s[0]) + 0.587F * static_cast<float>(s[1]) +
              0.114F * static_cast<float>(s[2]);
    }
  }
  return grey;
}

Field rescaled(Field grey, double ratio) {  // pixels of the source to one of the result
  if (ratio == 1) return grey;
  if (ratio > 1) grey = blurred(grey, static_cast<float>(0.45 * ratio));
  const auto pixels = [&](int n) { return std::max(1, static_cast<int>(std::lround(n / ratio))); };
  Field out(pixels(grey.width()), pixels(grey.height()));
  for (int y = 0; y < out.height(); ++y) {
    for (int x = 0; x < out.width(); ++x) {
      const auto at = [&](int i) { return static_cast<float>((i + 0.5) * ratio - 0.5); };
      out.at(x, y) = sample(grey, 1, at(x), at(y));
    }
  }
  return out;
}

}  // namespace

Result<Field> at_500_ppi(const Image& image, PixelsPerInch ppi) {
  if (image.width_px < 1 || image.height_px < 1) return fail(Fault::empty_input);
  if (image.channels != 1 && image.channels != 3) return fail(Fault::unsupported);
  if (!(ppi.value() >= kMinPixelsPerInch && ppi.value() <= kMaxPixelsPerInch)) {
    return fail(Fault::bad_resolution);
  }
  double ratio = ppi.value() / kCanonicalPixelsPerInch;
  if (std::abs(ratio - 1) < kSameScale) ratio = 1;
  const double pixels = static_cast<double>(image.width_px) * image.height_px;
  if (pixels / (ratio * ratio) > static_cast<double>(kMaxPrintPixels) ||
      std::max(image.width_px, image.height_px) / ratio > formats::kMaxCoordinatePx) {
    return fail(Fault::limit_exceeded);
  }
  if (image.samples.size() != static_cast<std::size_t>(image.width_px) *
                                  static_cast<std::size_t>(image.height_px) *
                                  static_cast<std::size_t>(image.channels)) {
    return fail(Fault::length_mismatch);
  }
  return rescaled(grey_of(image), ratio);
}

Field normalised(const Field& grey) {
  Field squares(grey.width(), grey.height());
  for (std::ptrdiff_t i = 0; i < grey.size(); ++i) {
    squares.cells().data()[i] = grey.cells().data()[i] * grey.cells().data()[i];
  }
  constexpr float kSigma = kNeighbourhoodPx / kCellPx;
  Field mean = blurred(block_means(grey, kCellPx), kSigma);
  Field scale = blurred(block_means(squares, kCellPx), kSigma);
  for (std::ptrdiff_t i = 0; i < mean.size(); ++i) {
    const float m = mean.cells().data()[i];
    float& s = scale.cells().data()[i];
    s = std::sqrt(std::max(0.0F, s - m * m));
  }
  const float floor = kContrastFloorShare * quantile(scale, {}, 0.9F) + kContrastFloorGrey;
  for (float& s : scale.cells()) s = 1 / (s + floor);
  mean = spread(mean, kCellPx, grey.width(), grey.height());
  scale = spread(scale, kCellPx, grey.width(), grey.height());
  Field out(grey.width(), grey.height());
  for (std::ptrdiff_t i = 0; i < grey.size(); ++i) {
    const float value = (mean.cells().data()[i] - grey.cells().data()[i]) * scale.cells().data()[i];
    out.cells().data()[i] = std::clamp(value, -kClip, kClip);
  }
  return out;
}

CellGrey cell_grey(const Field& grey) {
  Field squares = grey;
  for (float& v : squares.cells()) v *= v;
  CellGrey cells{block_means(grey, kCellPx), block_means(squares, kCellPx)};
  for (std::ptrdiff_t i = 0; i < cells.mean.size(); ++i) {
    const float m = cells.mean.cells().data()[i];
    float& d = cells.deviation.cells().data()[i];
    d = std::sqrt(std::max(0.0F, d - m * m));
  }
  return cells;
}

}  // namespace whorl::features
