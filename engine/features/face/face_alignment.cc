#include "engine/features/face/face_alignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace whorl::features {

float Similarity2d::scale() const { return std::hypot(a, b); }

Similarity2d Similarity2d::inverse() const {
  const float square = a * a + b * b;
  const Similarity2d turned{a / square, -b / square, 0, 0};
  const PointPx origin = turned({dx, dy});
  return {turned.a, turned.b, -origin.x_px, -origin.y_px};
}

Similarity2d similarity_between(const Landmarks& from, const Landmarks& to) {
  PointPx from_mean, to_mean;
  for (std::size_t i = 0; i < from.size(); ++i) {
    from_mean.x_px += from[i].x_px / kLandmarks, from_mean.y_px += from[i].y_px / kLandmarks;
    to_mean.x_px += to[i].x_px / kLandmarks, to_mean.y_px += to[i].y_px / kLandmarks;
  }
  float along = 0, across = 0, spread = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float x = from[i].x_px - from_mean.x_px, y = from[i].y_px - from_mean.y_px;
    const float u = to[i].x_px - to_mean.x_px, v = to[i].y_px - to_mean.y_px;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  if (!(spread > 0)) return {0, 0, 0, 0};
  Similarity2d result{along / spread, across / spread, 0, 0};
  const PointPx moved = result(from_mean);
  result.dx = to_mean.x_px - moved.x_px;
  result.dy = to_mean.y_px - moved.y_px;
  return result;
}

Image mirror_image(const Image& picture, float zoom) {
  const float x = static_cast<float>(picture.width_px - 1) / 2;
  const float y = static_cast<float>(picture.height_px - 1) / 2;
  Image mirrored = zoom == 1 ? picture
                             : warped(picture, {zoom, 0, x - zoom * x, y - zoom * y},
                                      picture.width_px, picture.height_px);
  const auto channels = static_cast<std::ptrdiff_t>(mirrored.channels);
  const auto row = static_cast<std::ptrdiff_t>(mirrored.width_px) * channels;
  for (auto line = mirrored.samples.begin(); line != mirrored.samples.end(); line += row) {
    for (std::ptrdiff_t left = 0, right = row - channels; left < right;
         left += channels, right -= channels) {
      std::swap_ranges(line + left, line + left + channels, line + right);
    }
  }
  return mirrored;
}

Image shrunk(const Image& picture, int factor) {
  if (factor == 1) return picture;
  Image small;
  small.width_px = picture.width_px / factor;
  small.height_px = picture.height_px / factor;
  small.channels = picture.channels;
  const auto channels = static_cast<std::size_t>(picture.channels);
  const auto row = static_cast<std::size_t>(picture.width_px) * channels;
  const auto small_row = static_cast<std::size_t>(small.width_px) * channels;
  small.samples.resize(small_row * static_cast<std::size_t>(small.height_px));
  const auto step = static_cast<std::size_t>(factor);
  const std::uint32_t area = static_cast<std::uint32_t>(step * step);
  std::vector<std::uint32_t> sums(small_row);
  for (std::size_t y = 0; y < static_cast<std::size_t>(small.height_px); ++y) {
    std::ranges::fill(sums, area / 2);
    for (std::size_t dy = 0; dy < step; ++dy) {
      const std::uint8_t* line = &picture.samples[(y * step + dy) * row];
      for (std::size_t x = 0; x < static_cast<std::size_t>(small.width_px); ++x) {
        for (std::size_t dx = 0; dx < step; ++dx) {
          for (std::size_t c = 0; c < channels; ++c) {
            sums[x * channels + c] += line[(x * step + dx) * channels + c];
          }
        }
      }
    }
    for (std::size_t i = 0; i < small_row; ++i) {
      small.samples[y * small_row + i] = static_cast<std::uint8_t>(sums[i] / area);
    }
  }
  return small;
}

namespace {

Image bilinear(const Image& picture, const Similarity2d& from_frame, int width_px, int height_px) {
  Image frame;
  frame.width_px = width_px;
  frame.height_px = height_px;
  frame.channels = picture.channels;
  const auto channels = static_cast<std::size_t>(picture.channels);
  frame.samples.resize(static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px) *
                       channels);
  const auto sample = [&](int x, int y, std::size_t c) -> float {
    if (x < 0 || y < 0 || x >= picture.width_px || y >= picture.height_px) return 0;
    const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width_px) +
                    static_cast<std::size_t>(x);
    return picture.samples[at * channels + c];
  };
  const auto right_end = static_cast<float>(picture.width_px);
  const auto bottom_end = static_cast<float>(picture.height_px);
  std::size_t out = 0;
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x, out += channels) {
      const PointPx p = from_frame({static_cast<float>(x), static_cast<float>(y)});
      // Also keeps what is far outside, or no number, from being made an integer.
      if (!(p.x_px > -1 && p.y_px > -1 && p.x_px < right_end && p.y_px < bottom_end)) continue;
      const float left = std::floor(p.x_px), top = std::floor(p.y_px);
      const int ix = static_cast<int>(left), iy = static_cast<int>(top);
      const float fx = p.x_px - left, fy = p.y_px - top;
      for (std::size_t c = 0; c < channels; ++c) {
        const float above = sample(ix, iy, c) * (1 - fx) + sample(ix + 1, iy, c) * fx;
        const float below = sample(ix, iy + 1, c) * (1 - fx) + sample(ix + 1, iy + 1, c) * fx;
        frame.samples[out + c] =
            static_cast<std::uint8_t>(std::lround(above * (1 - fy) + below * fy));
      }
    }
  }
  return frame;
}

}  // namespace

Image warped(const Image& picture, const Similarity2d& to_frame, int width_px, int height_px) {
  // From half size downwards bilinear leaves pixels out, and what it leaves out comes back as
  // noise.
  const int most = std::min(picture.width_px, picture.height_px);
  const float shrink = std::floor(1 / to_frame.scale());
  // No number, as of a scale that is none, is never made an integer.
  const int factor =
      shrink >= 1 ? std::min(static_cast<int>(std::min(shrink, 1e4F)), std::max(most, 1)) : 1;
  if (factor == 1) return bilinear(picture, to_frame.inverse(), width_px, height_px);
  // A pixel of the copy stands for the middle of its square.
  Similarity2d inverse = to_frame.inverse();
  const auto f = static_cast<float>(factor);
  const float middle = (f - 1) / 2;
  inverse = {inverse.a / f, inverse.b / f, (inverse.dx - middle) / f, (inverse.dy - middle) / f};
  return bilinear(shrunk(picture, factor), inverse, width_px, height_px);
}

}  // namespace whorl::features
