#pragma once
// Slaps as tests draw them: fingers of concentric ridges and twelve minutiae with a second phalanx
// under each, on noisy paper. Crude, but of the right sizes; real ones are in slap_data_test.cc.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "engine/base/image.h"

namespace whorl::test {

struct DrawnFinger {  // pixels of 500 ppi
  double x, y;        // the middle of its tip
  double width, height;
  double lean_degrees = 0;  // clockwise
  bool phalanx = true;      // another one below the tip's joint
};

// A right hand's four on 1600 x 1500 pixels, as they come to lie when the arm points straight up.
inline std::vector<DrawnFinger> right_hand() {
  return {{330, 640, 250, 350, -4},
          {660, 480, 260, 370, -1},
          {980, 550, 250, 360, 2},
          {1260, 790, 200, 280, 6}};
}
inline std::vector<DrawnFinger> mirrored(std::vector<DrawnFinger> hand, double width = 1600) {
  std::reverse(hand.begin(), hand.end());
  for (DrawnFinger& f : hand) f.x = width - f.x, f.lean_degrees = -f.lean_degrees;
  return hand;
}
// Turned about the middle of the picture, clockwise.
inline std::vector<DrawnFinger> turned(std::vector<DrawnFinger> hand, double degrees) {
  const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
  for (DrawnFinger& f : hand) {
    const double dx = f.x - 800, dy = f.y - 750;
    f.x = 800 + c * dx - s * dy, f.y = 750 + s * dx + c * dy;
    f.lean_degrees += degrees;
  }
  return hand;
}

// What minutiae add to the phase of a tip's ridges, in turns: around each it grows by one, so that
// one ridge begins there (Larkin and Fletcher, Optics Express 15(14), 2007).
inline double spirals(const DrawnFinger& f, double x, double y) {
  constexpr int kMinutiae = 12;
  constexpr double kGoldenAngle = 2.4;
  double turns = 0;
  for (int k = 0; k < kMinutiae; ++k) {
    const double away = 0.4 * f.width * std::sqrt((k + 0.5) / kMinutiae);
    const double angle = std::atan2(y - 1.2 * away * std::sin(kGoldenAngle * k),
                                    x - away * std::cos(kGoldenAngle * k));
    turns += (k % 2 == 0 ? 1 : -1) * angle / (2 * std::numbers::pi);
  }
  return turns;
}

// How dark the finger is at a point of its own frame, x to its right, y down from the tip's middle;
// less than 0 beside it.
inline double darkness(const DrawnFinger& f, double x, double y) {
  constexpr double kPeriod = 9, kCrease = 26, kPhalanx = 320;
  const double half = f.width / 2, below = f.height / 2;
  const auto wave = [](double phase) { return 0.5 + 0.5 * std::sin(2 * std::numbers::pi * phase); };
  if (y <= below) {
    const double end = y < 0 ? y / below : 0.45 * y / below;
    if (x * x / (half * half) + end * end > 1) return -1;
    return wave(std::hypot(x, 0.75 * (y - 10)) / kPeriod + spirals(f, x, y));
  }
  const bool on_phalanx = f.phalanx && y > below + kCrease && y < below + kCrease + kPhalanx;
  return on_phalanx && std::abs(x) < 0.8 * half ? 0.7 * wave((y + 0.2 * x) / kPeriod) : -1;
}

inline Image draw_slap(const std::vector<DrawnFinger>& fingers, double noise = 6, double ppi = 500,
                       double width = 1600, double height = 1500) {
  const double scale = ppi / 500;
  Image image;
  image.width_px = static_cast<int>(width * scale),
  image.height_px = static_cast<int>(height * scale);
  image.ppi = PixelsPerInch{ppi};
  std::uint32_t state = 12345;
  for (int j = 0; j < image.height_px; ++j) {
    for (int i = 0; i < image.width_px; ++i) {
      double grey = 232;
      for (const DrawnFinger& f : fingers) {
        const double angle = f.lean_degrees * std::numbers::pi / 180;
        const double dx = (i + 0.5) / scale - f.x, dy = (j + 0.5) / scale - f.y;
        if (std::abs(dx) + std::abs(dy) > 900) continue;
        const double dark = darkness(f, std::cos(angle) * dx + std::sin(angle) * dy,
                                     std::cos(angle) * dy - std::sin(angle) * dx);
        if (dark >= 0) grey = std::min(grey, 215 - 165 * dark);
      }
      state = state * 1664525 + 1013904223;
      grey += noise * (static_cast<double>(state >> 8) / (1 << 23) - 1) * 1.73;
      image.samples.push_back(static_cast<std::uint8_t>(std::clamp(grey, 0.0, 255.0)));
    }
  }
  return image;
}

}  // namespace whorl::test
