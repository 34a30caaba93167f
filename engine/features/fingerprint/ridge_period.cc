#include "engine/features/fingerprint/ridge_period.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr int kAcross = 33, kAcrossMiddle = kAcross / 2;  // pixels across the ridges
constexpr int kAlong = 7, kAlongStep = 2;                 // lines, and pixels between them
constexpr int kReach =
    kAcrossMiddle + 3;  // of the window from its middle, in any direction, plus 1
constexpr int kTrials = 24;
constexpr int kStep = 2;  // cells from one window to the next
constexpr float kLeastConfidence = 0.3F;
constexpr float kNearPx = 20, kFarPx = 60, kFarShare = 0.15F, kWholeShare = 1e-3F;

using Signature = std::array<float, kAcross>;

// The trial periods' waves under a Hann window.
struct Waves {
  std::array<float, kAcross> window{};
  std::array<std::array<float, kTrials>, kAcross> cosine{}, sine{};
  float window_sum = 0;
};

float log_period_of_trial(float trial) {
  static const float kFirst = std::log(kShortestPeriodPx);
  static const float kRatio = std::log(kLongestPeriodPx / kShortestPeriodPx) / (kTrials - 1);
  return kFirst + kRatio * trial;
}

Waves make_waves() {
  Waves waves;
  for (int i = 0; i < kAcross; ++i) {
    const auto k = static_cast<std::size_t>(i);
    const auto offset = static_cast<float>(i - kAcrossMiddle);
    const float w =
        0.5F + 0.5F * std::cos(std::numbers::pi_v<float> * offset / (kAcrossMiddle + 1));
    waves.window[k] = w;
    waves.window_sum += w;
    for (int t = 0; t < kTrials; ++t) {
      const float period = std::exp(log_period_of_trial(static_cast<float>(t)));
      const float phase = 2 * std::numbers::pi_v<float> * offset / period;
      waves.cosine[k][static_cast<std::size_t>(t)] = w * std::cos(phase);
      waves.sine[k][static_cast<std::size_t>(t)] = w * std::sin(phase);
    }
  }
  return waves;
}
const Waves& waves() {
  static const Waves kWaves = make_waves();
  return kWaves;
}

// Reads a picture between its pixels, a line of them at a time: places, the values around them and
// means each in a loop of its own, of which compilers make vectors.
class Reader {
 public:
  explicit Reader(const Field& picture) : picture_(picture) {}

  // Whether all within `reach` of (x, y) lies between pixels of the picture.
  bool inside(float x, float y, float reach) const {
    return x >= reach && y >= reach && x + reach + 1 < static_cast<float>(picture_.width()) &&
           y + reach + 1 < static_cast<float>(picture_.height());
  }

  // Adds the values at each place to `to`. They must lie inside.
  void add(const Signature& xs, const Signature& ys, Signature& to) const {
    std::array<std::int32_t, kAcross> left, top;
    Signature dx, dy, nw, ne, sw, se;
    for (std::size_t k = 0; k < kAcross; ++k) {
      left[k] = static_cast<std::int32_t>(xs[k]), top[k] = static_cast<std::int32_t>(ys[k]);
      dx[k] = xs[k] - static_cast<float>(left[k]), dy[k] = ys[k] - static_cast<float>(top[k]);
    }
    const std::ptrdiff_t width = picture_.width();
    for (std::size_t k = 0; k < kAcross; ++k) {
      const float* above = picture_.row(0) + top[k] * width + left[k];
      nw[k] = above[0], ne[k] = above[1], sw[k] = above[width], se[k] = above[width + 1];
    }
    for (std::size_t k = 0; k < kAcross; ++k) {
      const float a = nw[k] + dx[k] * (ne[k] - nw[k]), b = sw[k] + dx[k] * (se[k] - sw[k]);
      to[k] += a + dy[k] * (b - a);
    }
  }

  void clamp(Signature& xs, Signature& ys) const {
    for (float& x : xs) x = std::clamp(x, 0.0F, static_cast<float>(picture_.width()) - 1.001F);
    for (float& y : ys) y = std::clamp(y, 0.0F, static_cast<float>(picture_.height()) - 1.001F);
  }

 private:
  const Field& picture_;
};

// (x, y) is the window's middle and (along_x, along_y) a pixel of 500 ppi along the ridges, both in
// the picture's pixels.
Signature signature(const Reader& reader, float x, float y, float along_x, float along_y,
                    float reach) {
  Signature s{};
  const bool inside = reader.inside(x, y, reach);
  for (int line = 0; line < kAlong; ++line) {
    const auto j = static_cast<float>((line - kAlong / 2) * kAlongStep);
    const float x0 = x + j * along_x, y0 = y + j * along_y;
    Signature xs, ys;
    for (int k = 0; k < kAcross; ++k) {
      const auto i = static_cast<float>(k - kAcrossMiddle);
      xs[static_cast<std::size_t>(k)] = x0 - i * along_y;
      ys[static_cast<std::size_t>(k)] = y0 + i * along_x;
    }
    if (!inside) reader.clamp(xs, ys);
    reader.add(xs, ys, s);
  }
  return s;
}

// Of each trial period; a few at a time, so that their sums stay in registers.
std::array<float, kTrials> powers(const Signature& s) {
  constexpr std::size_t kTogether = 8;
  static_assert(kTrials % kTogether == 0);
  const Waves& w = waves();
  std::array<float, kTrials> power;
  for (std::size_t first = 0; first < kTrials; first += kTogether) {
    std::array<float, kTogether> cosine{}, sine{};
    for (std::size_t k = 0; k < kAcross; ++k) {
      for (std::size_t t = 0; t < kTogether; ++t) {
        cosine[t] += s[k] * w.cosine[k][first + t];
        sine[t] += s[k] * w.sine[k][first + t];
      }
    }
    for (std::size_t t = 0; t < kTogether; ++t) {
      power[first + t] = cosine[t] * cosine[t] + sine[t] * sine[t];
    }
  }
  return power;
}

struct Strongest {
  float log_period = 0, confidence = 0;
};
Strongest strongest_period(Signature s) {
  const Waves& w = waves();
  float mean = 0;
  for (std::size_t k = 0; k < kAcross; ++k) mean += w.window[k] * s[k];
  mean /= w.window_sum;
  float energy = 0;
  for (std::size_t k = 0; k < kAcross; ++k) {
    s[k] -= mean;
    energy += w.window[k] * s[k] * s[k];
  }
  const std::array<float, kTrials> power = powers(s);
  const auto best =
      static_cast<std::size_t>(std::max_element(power.begin(), power.end()) - power.begin());
  if (energy < 1e-6F) return {};
  float shift = 0;
  if (best > 0 && best + 1 < kTrials) {
    const float a = power[best - 1], b = power[best], c = power[best + 1];
    const float bend = a - 2 * b + c;
    if (bend < 0) shift = std::clamp(0.5F * (a - c) / bend, -0.5F, 0.5F);
  }
  return {log_period_of_trial(static_cast<float>(best) + shift),
          std::min(1.0F, 2 * power[best] / (w.window_sum * energy))};
}

// Weighted means near, far and of the whole, in that order of say.
Field smoothed(const Field& weight, const Field& weighted) {
  const float near = kNearPx / (kStep * kCellPx), far = kFarPx / (kStep * kCellPx);
  const Field near_sum = blurred(weighted, near), near_weight = blurred(weight, near);
  const Field far_sum = blurred(weighted, far), far_weight = blurred(weight, far);
  double sum = 0, all = 1e-9;
  for (std::ptrdiff_t i = 0; i < weight.size(); ++i) {
    sum += weighted.cells().data()[i], all += weight.cells().data()[i];
  }
  const float whole = all > 1e-6 ? static_cast<float>(sum / all) : std::log(9.0F);
  Field out(weight.width(), weight.height());
  for (std::ptrdiff_t i = 0; i < weight.size(); ++i) {
    const auto mix = [&](const Field& near_part, const Field& far_part, float rest) {
      return near_part.cells().data()[i] + kFarShare * far_part.cells().data()[i] +
             kWholeShare * rest;
    };
    out.cells().data()[i] = mix(near_sum, far_sum, whole) / mix(near_weight, far_weight, 1);
  }
  return out;
}

}  // namespace

Period period_of(const Field& picture, int pixel_px, const Flow& flow,
                 const Grid<std::uint8_t>& mask) {
  const Reader reader(picture);
  const int w = flow.cosine.width(), h = flow.cosine.height();
  Field weight((w + kStep - 1) / kStep, (h + kStep - 1) / kStep), weighted = weight;
  const float per_pixel = 1.0F / static_cast<float>(pixel_px);
  const float reach = kReach * per_pixel;
  for (int y = 0; y < weight.height() && picture.width() > 1 && picture.height() > 1; ++y) {
    for (int x = 0; x < weight.width(); ++x) {
      const int cx = std::min(x * kStep + 1, w - 1), cy = std::min(y * kStep + 1, h - 1);
      if (mask.at(cx, cy) == 0) continue;
      const float c = flow.cosine.at(cx, cy), s = flow.sine.at(cx, cy);
      const float angle = 0.5F * std::atan2(s, c);
      const auto middle = [&](int cell) {
        return static_cast<float>(cell * kCellPx) * per_pixel - 0.5F;
      };
      const Strongest found =
          strongest_period(signature(reader, middle(cx), middle(cy), std::cos(angle) * per_pixel,
                                     std::sin(angle) * per_pixel, reach));
      if (found.confidence < kLeastConfidence) continue;
      const float trust = found.confidence * found.confidence * std::sqrt(c * c + s * s);
      weight.at(x, y) = trust;
      weighted.at(x, y) = trust * found.log_period;
    }
  }
  return {spread(smoothed(weight, weighted), kStep, w, h), spread(weight, kStep, w, h)};
}

}  // namespace whorl::features
