#include "scanners/simulated/skin.h"

#include <cmath>
#include <numbers>

namespace whorl::scanners {
namespace {
// From half a pad to two pads: shorter waves would be noise, longer ones a linear map.
constexpr double kShortestWavePx = 150, kLongestWavePx = 350;
}  // namespace

Skin::Skin(const CaptureConditions& c, SeededRandom& random) {
  const auto normal = [&](double sd) { return static_cast<float>(random.normal(0, sd)); };
  turn_radians_ = normal(c.turn_sd_degrees * std::numbers::pi / 180);
  cosine_ = std::cos(turn_radians_);
  sine_ = std::sin(turn_radians_);
  set_down_.x_px = 0.5F * static_cast<float>(c.platen_width.value()) + normal(c.shift_sd_px);
  set_down_.y_px = 0.5F * static_cast<float>(c.platen_height.value()) + normal(c.shift_sd_px);
  xx_ = normal(c.stretch_sd);
  xy_ = normal(c.stretch_sd);
  yx_ = normal(c.stretch_sd);
  yy_ = normal(c.stretch_sd);
  for (Wave& wave : waves_) {
    const double number = 2 * std::numbers::pi / random.uniform(kShortestWavePx, kLongestWavePx);
    const double heading = random.uniform(0, 2 * std::numbers::pi);
    wave.along_x = static_cast<float>(number * std::cos(heading));
    wave.along_y = static_cast<float>(number * std::sin(heading));
    wave.phase = static_cast<float>(random.uniform(0, 2 * std::numbers::pi));
    wave.dx_px = normal(c.wave_px);
    wave.dy_px = normal(c.wave_px);
  }
}

OnPlaten Skin::place(FingerPoint at, float direction) const {
  // The displacement and its gradient together, so that directions turn with the skin.
  float dx = xx_ * at.x_px + xy_ * at.y_px, dy = yx_ * at.x_px + yy_ * at.y_px;
  float gxx = xx_, gxy = xy_, gyx = yx_, gyy = yy_;
  for (const Wave& wave : waves_) {
    const float angle = wave.along_x * at.x_px + wave.along_y * at.y_px + wave.phase;
    const float s = std::sin(angle), c = std::cos(angle);
    dx += wave.dx_px * s;
    dy += wave.dy_px * s;
    gxx += wave.dx_px * c * wave.along_x;
    gxy += wave.dx_px * c * wave.along_y;
    gyx += wave.dy_px * c * wave.along_x;
    gyy += wave.dy_px * c * wave.along_y;
  }
  // How far a direction turns under a small gradient G: n' G t with t along it, n across it. With y
  // downwards t = (cos, -sin) and the anticlockwise normal is (-sin, -cos).
  const float tx = std::cos(direction), ty = -std::sin(direction);
  const float turned = ty * (gxx * tx + gxy * ty) - tx * (gyx * tx + gyy * ty);
  const float x = at.x_px + dx, y = at.y_px + dy;
  return {{set_down_.x_px + cosine_ * x + sine_ * y, set_down_.y_px + cosine_ * y - sine_ * x},
          direction + turned + turn_radians_};
}

// Fixed point iteration: displacements change by some percent of a step, so each round gains more
// than a digit.
FingerPoint Skin::lift(FingerPoint on_platen) const {
  constexpr int kRounds = 4;
  const float px = on_platen.x_px - set_down_.x_px, py = on_platen.y_px - set_down_.y_px;
  const float turned_x = cosine_ * px - sine_ * py, turned_y = sine_ * px + cosine_ * py;
  FingerPoint at{turned_x, turned_y};
  for (int round = 0; round < kRounds; ++round) {
    float dx = xx_ * at.x_px + xy_ * at.y_px, dy = yx_ * at.x_px + yy_ * at.y_px;
    for (const Wave& wave : waves_) {
      const float s = std::sin(wave.along_x * at.x_px + wave.along_y * at.y_px + wave.phase);
      dx += wave.dx_px * s;
      dy += wave.dy_px * s;
    }
    at = {turned_x - dx, turned_y - dy};
  }
  return at;
}

}  // namespace whorl::scanners
