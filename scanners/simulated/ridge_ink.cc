#include "scanners/simulated/ridge_ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "scanners/simulated/smooth_noise.h"

namespace whorl::scanners {
namespace {

// Skin::lift is followed exactly at the corners of blocks, and along straight lines between: its
// waves are 150 px long and a pixel high, so that the error is some hundredths of a pixel.
constexpr int kBlockPx = 8;
// Nothing prints beyond this rim (squared distance; 1 is the ellipse of the contact).
constexpr float kOutmostRim = 1.25F;
// How noise is scaled: blotches as wide as three ridges, roughness as half a ridge, speckle.
constexpr int kBlotchPx = 30, kRoughPx = 4, kSpecklePx = 2;

struct Sample {
  float relief = -1, pore = 0;
};

// Bilinear; outside of the pattern there are no ridges.
Sample sample(const RidgePattern& pattern, float x, float y) {
  const float px = x - pattern.corner.x_px, py = y - pattern.corner.y_px;
  const auto w = static_cast<std::size_t>(pattern.width_px);
  if (!(px >= 0 && py >= 0 && px < static_cast<float>(pattern.width_px - 1) &&
        py < static_cast<float>(pattern.height_px - 1))) {
    return {};
  }
  const auto ix = static_cast<std::size_t>(px), iy = static_cast<std::size_t>(py);
  const float fx = px - static_cast<float>(ix), fy = py - static_cast<float>(iy);
  const RidgePattern::Spot* at = pattern.skin.data() + iy * w + ix;
  const auto blend = [&](auto a, auto b, auto c, auto d) {
    const float top = static_cast<float>(a) + fx * static_cast<float>(b - a);
    const float bottom = static_cast<float>(c) + fx * static_cast<float>(d - c);
    return top + fy * (bottom - top);
  };
  return {blend(at[0].relief, at[1].relief, at[w].relief, at[w + 1].relief) * (1.0F / 127),
          blend(at[0].pore, at[1].pore, at[w].pore, at[w + 1].pore) * (1.0F / 255)};
}

struct Noise {
  float blotch = 0, rough = 0, speckle = 0;  // sd 1 each
};

float ramp(float value, float from, float to) {
  const float t = std::clamp((value - from) / (to - from), 0.0F, 1.0F);
  return t * t * (3 - 2 * t);
}

// How dark a point of skin prints. Wet skin prints wider ridges, and fills valleys; dry skin prints
// narrow, pale ridges, torn to pieces by its roughness; towards the rim of the contact the pressure
// falls, and ridges go the way of dry ones.
float darkness(Sample skin, float rim, Noise noise, const Touch& touch) {
  const float pressure = 0.30F - 0.45F * rim;
  const float moisture =
      std::clamp(touch.moisture + touch.blotches * noise.blotch + pressure, -1.2F, 1.2F);
  const float wet = std::max(0.0F, moisture), dry = std::max(0.0F, -moisture);
  const float rough = touch.roughness * (1 + 1.5F * dry);
  const float height = skin.relief + 0.55F * moisture - 0.2F + rough * noise.rough +
                       0.35F * rough * noise.speckle -
                       skin.pore * (1.1F - 0.9F * std::min(1.0F, wet));
  const float soft = 0.80F + 0.20F * dry;
  const float print = ramp(height, -soft, soft);
  const float pale = 1 - 0.35F * dry + 0.10F * wet;
  const float reach = ramp(1.1F - rim + 0.05F * noise.rough + 0.04F * noise.blotch, 0.0F, 0.18F);
  return std::clamp(print * pale, 0.0F, 1.0F) * reach;
}

// Where the corners of all blocks lie on the finger.
class Lifted {
 public:
  Lifted(const Skin& skin, const Contact& contact, int width_px, int height_px)
      : columns_(width_px / kBlockPx + 2), contact_(contact) {
    for (int row = 0; row < height_px / kBlockPx + 2; ++row) {
      for (int column = 0; column < columns_; ++column) {
        corners_.push_back(skin.lift({static_cast<float>(column * kBlockPx) + 0.5F,
                                      static_cast<float>(row * kBlockPx) + 0.5F}));
      }
    }
  }

  // Left and right end of a block's row of pixels.
  std::array<FingerPoint, 2> ends(int block, int y) const {
    const FingerPoint* top = corners_.data() + static_cast<std::ptrdiff_t>(y / kBlockPx) * columns_;
    const float part = static_cast<float>(y % kBlockPx) / kBlockPx;
    const auto between = [&](FingerPoint a, FingerPoint b) {
      return FingerPoint{a.x_px + part * (b.x_px - a.x_px), a.y_px + part * (b.y_px - a.y_px)};
    };
    return {between(top[block], top[block + columns_]),
            between(top[block + 1], top[block + 1 + columns_])};
  }

  // A block whose row lies wholly beyond the outmost rim. (The rim is convex, blocks are small.)
  bool beyond(const std::array<FingerPoint, 2>& ends) const {
    return contact_.rim(ends[0]) > kOutmostRim && contact_.rim(ends[1]) > kOutmostRim;
  }

 private:
  int columns_;
  const Contact& contact_;
  std::vector<FingerPoint> corners_;
};

}  // namespace

Ink::Ink(Pixels width, Pixels height)
    : width_px(width.value()),
      height_px(height.value()),
      cover(static_cast<std::size_t>(width_px) * static_cast<std::size_t>(height_px)) {}

Ink press(const RidgePattern& pattern, const Contact& contact, const Skin& skin, const Touch& touch,
          Pixels width, Pixels height, SeededRandom& random) {
  Ink ink(width, height);
  const SmoothNoise blotch(ink.width_px, ink.height_px, kBlotchPx, random);
  const SmoothNoise rough(ink.width_px, ink.height_px, kRoughPx, random);
  const SmoothNoise speckle(ink.width_px, ink.height_px, kSpecklePx, random);
  const Lifted lifted(skin, contact, ink.width_px, ink.height_px);
  const auto w = static_cast<std::size_t>(ink.width_px);
  std::vector<float> blotch_row(w), rough_row(w), speckle_row(w);
  for (int y = 0; y < ink.height_px; ++y) {
    blotch.read_row(y, blotch_row);
    rough.read_row(y, rough_row);
    speckle.read_row(y, speckle_row);
    const std::span<float> row(ink.row(y), w);
    for (std::size_t left = 0; left < w; left += kBlockPx) {
      const auto ends = lifted.ends(static_cast<int>(left) / kBlockPx, y);
      if (lifted.beyond(ends)) continue;
      const float dx = (ends[1].x_px - ends[0].x_px) / kBlockPx;
      const float dy = (ends[1].y_px - ends[0].y_px) / kBlockPx;
      const std::size_t count = std::min<std::size_t>(kBlockPx, w - left);
      for (std::size_t i = 0; i < count; ++i) {
        const FingerPoint at{ends[0].x_px + static_cast<float>(i) * dx,
                             ends[0].y_px + static_cast<float>(i) * dy};
        const std::size_t x = left + i;
        row[x] = darkness(sample(pattern, at.x_px, at.y_px), contact.rim(at),
                          {blotch_row[x], rough_row[x], speckle_row[x]}, touch);
      }
    }
  }
  return ink;
}

}  // namespace whorl::scanners
