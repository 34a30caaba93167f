#include "engine/features/fingerprint/ridge_flow.h"

#include <algorithm>
#include <cmath>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr float kFinePx = 7, kCoarsePx = 16;  // Gaussians of the two scales
constexpr float kFineEnough = 0.35F, kFineSlope = 14;
constexpr float kDiffusionPx = 12;
constexpr float kDoubt = 0.3F;  // trust below this share of a good cell's is mostly replaced

// Smoothing over three pixels before and across the derivative (Scharr's weights: the angle's error
// is least), the derivative over three.
struct Gradients {
  Field x, y;
};
Gradients gradients(const Field& f) {
  const int w = f.width(), h = f.height();
  Gradients g{Field(w, h), Field(w, h)};
  std::vector<float> sum(static_cast<std::size_t>(w)), difference(sum);
  for (int y = 0; y < h; ++y) {
    const float *above = f.row(std::max(0, y - 1)), *here = f.row(y),
                *below = f.row(std::min(h - 1, y + 1));
    for (int x = 0; x < w; ++x) {
      const auto i = static_cast<std::size_t>(x);
      sum[i] = 3 * (above[x] + below[x]) + 10 * here[x];
      difference[i] = below[x] - above[x];
    }
    float *gx = g.x.row(y), *gy = g.y.row(y);
    for (int x = 1; x + 1 < w; ++x) {
      const auto i = static_cast<std::size_t>(x);
      gx[x] = sum[i + 1] - sum[i - 1];
      gy[x] = 3 * (difference[i - 1] + difference[i + 1]) + 10 * difference[i];
    }
  }
  return g;
}

Field smoothed_a_pixel(const Field& f) { return blurred(f, 1); }

}  // namespace

float Flow::coherence(std::ptrdiff_t cell) const {
  const float c = cosine.cells().data()[cell], s = sine.cells().data()[cell];
  return std::sqrt(c * c + s * s);
}

Tensor structure_tensor(const Field& picture, int pixel_px) {
  const Gradients g = gradients(pixel_px == 1 ? smoothed_a_pixel(picture) : picture);
  const int w = picture.width(), h = picture.height();
  Tensor t{Field(w, h), Field(w, h), Field(w, h)};
  for (std::ptrdiff_t i = 0; i < g.x.size(); ++i) {
    const float x = g.x.cells().data()[i], y = g.y.cells().data()[i];
    t.difference.cells().data()[i] = y * y - x * x;
    t.cross.cells().data()[i] = -2 * x * y;
    t.energy.cells().data()[i] = x * x + y * y;
  }
  const int block = kCellPx / pixel_px;
  return {block_means(t.difference, block), block_means(t.cross, block),
          block_means(t.energy, block)};
}

Tensor blurred(const Tensor& tensor, float sigma_px) {
  const float sigma = sigma_px / kCellPx;
  return {blurred(tensor.difference, sigma), blurred(tensor.cross, sigma),
          blurred(tensor.energy, sigma)};
}

Flow flow_of(const Tensor& tensor) {
  Flow flow{tensor.difference, tensor.cross};
  for (std::ptrdiff_t i = 0; i < tensor.energy.size(); ++i) {
    const float scale = 1 / std::max(tensor.energy.cells().data()[i], 1e-9F);
    flow.cosine.cells().data()[i] *= scale;
    flow.sine.cells().data()[i] *= scale;
  }
  return flow;
}

Flow flow_of_two_scales(const Tensor& tensor) {
  Flow fine = flow_of(blurred(tensor, kFinePx));
  const Flow coarse = flow_of(blurred(tensor, kCoarsePx));
  for (std::ptrdiff_t i = 0; i < fine.cosine.size(); ++i) {
    const float share = 1 / (1 + std::exp(-kFineSlope * (fine.coherence(i) - kFineEnough)));
    const auto mix = [&](float& a, float b) { a = share * a + (1 - share) * b; };
    mix(fine.cosine.cells().data()[i], coarse.cosine.cells().data()[i]);
    mix(fine.sine.cells().data()[i], coarse.sine.cells().data()[i]);
  }
  return fine;
}

Flow diffused(const Flow& flow, const Field& trust, const Grid<std::uint8_t>& mask) {
  constexpr float kSigma = kDiffusionPx / kCellPx;
  Flow weighted = flow;
  for (std::ptrdiff_t i = 0; i < trust.size(); ++i) {
    weighted.cosine.cells().data()[i] *= trust.cells().data()[i];
    weighted.sine.cells().data()[i] *= trust.cells().data()[i];
  }
  const Field cosine = blurred(weighted.cosine, kSigma), sine = blurred(weighted.sine, kSigma),
              weight = blurred(trust, kSigma);
  const float doubt = kDoubt * quantile(trust, mask, 0.8F) + 1e-9F;
  Flow out = flow;
  for (std::ptrdiff_t i = 0; i < trust.size(); ++i) {
    const float w = trust.cells().data()[i], own = w / (w + doubt);
    const float scale = (1 - own) / std::max(weight.cells().data()[i], 1e-6F);
    const auto mix = [&](float& a, float around) { a = own * a + scale * around; };
    mix(out.cosine.cells().data()[i], cosine.cells().data()[i]);
    mix(out.sine.cells().data()[i], sine.cells().data()[i]);
  }
  return out;
}

}  // namespace whorl::features
