#include "engine/app/report/raster_picture.h"

#include <algorithm>
#include <cmath>

#include "engine/formats/images/write_image.h"

namespace whorl::app {
namespace {

template <class Cells, class GreyOf>
Image image_of(const Cells& cells, GreyOf grey_of) {
  Image image;
  image.width_px = cells.width(), image.height_px = cells.height();
  image.samples.reserve(static_cast<std::size_t>(cells.size()));
  for (const auto value : cells.cells()) image.samples.push_back(grey_of(value));
  return image;
}

// Whether the cell is inside the mask; beyond the picture nothing is.
bool inside(const features::Mask& mask, int x, int y) {
  return mask.contains(x, y) && mask.at(x, y) != 0;
}

// The runs of 0 .. count - 1 for which `is_border` holds, each handed on as (first, one past last).
template <class IsBorder, class Take>
void for_each_run(int count, IsBorder is_border, Take take) {
  for (int at = 0; at < count; ++at) {
    if (!is_border(at)) continue;
    const int first = at;
    while (at < count && is_border(at)) ++at;
    take(first, at);
  }
}

}  // namespace

Image grey_image(const features::Field& field, GreyRange range) {
  return image_of(field, [range](float value) {
    const float share = (value - range.black) / (range.white - range.black);
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0F, 1.0F)));
  });
}

Image line_image(const features::Bitmap& ridges) {
  return image_of(ridges, [](std::uint8_t ridge) -> std::uint8_t { return ridge != 0 ? 0 : 255; });
}

Result<EmbeddedImage> embed_raster(const Image& image) {
  WHORL_TRY(const Bytes png, formats::encode_png(image));
  return embed_image(png);
}

std::vector<BorderPiece> border_of(const features::Mask& mask) {
  std::vector<BorderPiece> border;
  for (int y = 0; y <= mask.height(); ++y) {
    for_each_run(
        mask.width(), [&](int x) { return inside(mask, x, y - 1) != inside(mask, x, y); },
        [&](int from, int to) {
          border.push_back({{static_cast<double>(from), static_cast<double>(y)},
                            {static_cast<double>(to), static_cast<double>(y)}});
        });
  }
  for (int x = 0; x <= mask.width(); ++x) {
    for_each_run(
        mask.height(), [&](int y) { return inside(mask, x - 1, y) != inside(mask, x, y); },
        [&](int from, int to) {
          border.push_back({{static_cast<double>(x), static_cast<double>(from)},
                            {static_cast<double>(x), static_cast<double>(to)}});
        });
  }
  return border;
}

}  // namespace whorl::app
