#include "engine/features/fingerprint/root_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::features {
namespace {

constexpr int kSide = 16, kStep = 4;                // of a window, at half scale
constexpr int kLanes = 8;                           // windows transformed side by side
constexpr float kMiddlePx = 9, kBandWidth = 0.55F;  // of the band, log-normal in the period

using Lanes = std::array<float, kLanes>;
struct Complex {
  Lanes re{}, im{};
};
using Line = std::array<Complex, kSide>;
using Windows = std::array<Line, kSide>;

constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }

struct Tables {
  std::array<float, kSide> window{};  // a half sine: its square adds up to a constant
  std::array<std::array<float, kSide>, kSide> band{};  // by row and column of the spectrum
  std::array<float, kSide> cosine{}, sine{};           // of a sixteenth of a turn each
};
const Tables& tables() {
  static const Tables kTables = [] {
    Tables t;
    constexpr float kPi = std::numbers::pi_v<float>;
    for (int i = 0; i < kSide; ++i) {
      t.window[at(i)] = std::sin(kPi * (static_cast<float>(i) + 0.5F) / kSide);
      t.cosine[at(i)] = std::cos(2 * kPi * static_cast<float>(i) / kSide);
      t.sine[at(i)] = std::sin(2 * kPi * static_cast<float>(i) / kSide);
      for (int j = 0; j < kSide; ++j) {
        const auto u = static_cast<float>(std::min(i, kSide - i));
        const auto v = static_cast<float>(std::min(j, kSide - j));
        if (i + j == 0) continue;  // the mean goes
        const float octaves =
            std::log(2 * kSide / std::sqrt(u * u + v * v) / kMiddlePx) / kBandWidth;
        t.band[at(i)][at(j)] = std::exp(-0.5F * octaves * octaves);
      }
    }
    return t;
  }();
  return kTables;
}

// One radix-4 butterfly of lanes: (a, b, c, d) to their discrete Fourier transform. `sign` is -1
// forwards and +1 back.
void butterfly(Complex& a, Complex& b, Complex& c, Complex& d, float sign) {
  for (std::size_t l = 0; l < kLanes; ++l) {
    const float sr = a.re[l] + c.re[l], si = a.im[l] + c.im[l];
    const float dr = a.re[l] - c.re[l], di = a.im[l] - c.im[l];
    const float tr = b.re[l] + d.re[l], ti = b.im[l] + d.im[l];
    const float er = sign * (b.re[l] - d.re[l]), ei = sign * (b.im[l] - d.im[l]);
    a.re[l] = sr + tr, a.im[l] = si + ti;
    c.re[l] = sr - tr, c.im[l] = si - ti;
    b.re[l] = dr - ei, b.im[l] = di + er;
    d.re[l] = dr + ei, d.im[l] = di - er;
  }
}

void turn(Complex& value, int sixteenths, float sign) {
  const float c = tables().cosine[at(sixteenths)], s = sign * tables().sine[at(sixteenths)];
  for (std::size_t l = 0; l < kLanes; ++l) {
    const float re = value.re[l] * c - value.im[l] * s;
    value.im[l] = value.re[l] * s + value.im[l] * c;
    value.re[l] = re;
  }
}

// Sixteen points in two rounds of four (Cooley and Tukey); `of(i)` is point i.
template <class Points>
void transform(Points of, float sign) {
  for (int i = 0; i < 4; ++i) {
    butterfly(of(i), of(i + 4), of(i + 8), of(i + 12), sign);
    for (int k = 1; k < 4; ++k) turn(of(i + 4 * k), i * k, sign);
  }
  for (int k = 0; k < 4; ++k)
    butterfly(of(4 * k), of(4 * k + 1), of(4 * k + 2), of(4 * k + 3), sign);
  for (int i = 0; i < 4; ++i) {  // the digits of an index come out the other way round
    for (int k = i + 1; k < 4; ++k) std::swap(of(4 * i + k), of(4 * k + i));
  }
}

void transform(Windows& w, float sign) {
  for (int y = 0; y < kSide; ++y) {
    transform([&](int i) -> Complex& { return w[at(y)][at(i)]; }, sign);
  }
  for (int x = 0; x < kSide; ++x) {
    transform([&](int i) -> Complex& { return w[at(i)][at(x)]; }, sign);
  }
}

// Times |F|^0.75 and the band; then all windows weigh the same.
void take_root(Windows& w) {
  Lanes energy{};
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      Complex& f = w[at(y)][at(x)];
      const float band = tables().band[at(y)][at(x)];
      for (std::size_t l = 0; l < kLanes; ++l) {
        const float root = std::sqrt(std::sqrt(f.re[l] * f.re[l] + f.im[l] * f.im[l]));
        const float gain = band * root * std::sqrt(root);
        f.re[l] *= gain, f.im[l] *= gain;
        energy[l] += f.re[l] * f.re[l] + f.im[l] * f.im[l];
      }
    }
  }
  for (float& e : energy) e = 1 / std::sqrt(e + 1e-12F);
  for (Line& line : w) {
    for (Complex& f : line) {
      for (std::size_t l = 0; l < kLanes; ++l) f.re[l] *= energy[l], f.im[l] *= energy[l];
    }
  }
}

struct Corner {
  int x, y;
};

void filter(const Field& picture, const Corner* corners, std::size_t count, Windows& w,
            Field& out) {
  const std::array<float, kSide>& window = tables().window;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      Complex& value = w[at(y)][at(x)];
      value = {};
      for (std::size_t l = 0; l < count; ++l) {
        const int px = std::clamp(corners[l].x + x, 0, picture.width() - 1);
        const int py = std::clamp(corners[l].y + y, 0, picture.height() - 1);
        value.re[l] = picture.at(px, py) * window[at(x)] * window[at(y)];
      }
    }
  }
  transform(w, -1);
  take_root(w);
  transform(w, 1);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      for (std::size_t l = 0; l < count; ++l) {
        const int px = corners[l].x + x, py = corners[l].y + y;
        if (!out.contains(px, py)) continue;
        out.at(px, py) += w[at(y)][at(x)].re[l] * window[at(x)] * window[at(y)];
      }
    }
  }
}

}  // namespace

Field root_filtered(const Field& normalised, const Mask& mask) {
  const Field picture = block_means(normalised, 2);
  std::vector<Corner> corners;
  for (int y = -kSide / 2; y < picture.height(); y += kStep) {
    for (int x = -kSide / 2; x < picture.width(); x += kStep) {
      const int cx = (x + kSide / 2) * 2 / kCellPx, cy = (y + kSide / 2) * 2 / kCellPx;
      if (mask.contains(cx, cy) && mask.at(cx, cy) != 0) corners.push_back({x, y});
    }
  }
  Field out(picture.width(), picture.height());
  Windows windows;
  for (std::size_t i = 0; i < corners.size(); i += kLanes) {
    filter(picture, corners.data() + i, std::min<std::size_t>(kLanes, corners.size() - i), windows,
           out);
  }
  return out;
}

}  // namespace whorl::features
