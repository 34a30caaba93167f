#include "scanners/simulated/phase_grid.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace whorl::scanners {
namespace {

constexpr int kMostSteps = 600;

// `radians` and whole turns, nearest to `expected`.
float nearest_turn(float radians, float expected) {
  return radians - kTurn * std::round((radians - expected) / kTurn);
}

// Eight sums side by side: the compiler may not reorder a single one, and must not.
float inner_product(const std::vector<float>& a, const std::vector<float>& b) {
  std::array<float, 8> sums{};
  const std::size_t whole = a.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (std::size_t i = whole; i < a.size(); ++i) sums[i - whole] += a[i] * b[i];
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

}  // namespace

PhaseGrid PhaseGrid::around(float half_width_px, float half_height_px) {
  PhaseGrid grid;
  const int across = static_cast<int>(half_width_px / kStepPx) + 1;
  const int down = static_cast<int>(half_height_px / kStepPx) + 1;
  grid.columns = 2 * across + 1;
  grid.rows = 2 * down + 1;
  grid.corner = {static_cast<float>(-across * kStepPx), static_cast<float>(-down * kStepPx)};
  const auto count = grid.width() * static_cast<std::size_t>(grid.rows);
  for (auto* field : {&grid.wave_x, &grid.wave_y, &grid.same_right, &grid.same_down, &grid.phase}) {
    field->resize(count);
  }
  return grid;
}

FingerPoint PhaseGrid::place(std::size_t at) const {
  const std::size_t column = at % width(), row = at / width();
  return {corner.x_px + static_cast<float>(column * kStepPx),
          corner.y_px + static_cast<float>(row * kStepPx)};
}

void PhaseGrid::compare_normals() {
  const auto agree = [&](std::size_t a, std::size_t b) {
    return wave_x[a] * wave_x[b] + wave_y[a] * wave_y[b] < 0 ? -1.0F : 1.0F;
  };
  for (std::size_t i = 0; i < vertices(); ++i) {
    same_right[i] = (i + 1) % width() != 0 ? agree(i, i + 1) : 0;
    same_down[i] = i + width() < vertices() ? agree(i, i + width()) : 0;
  }
}

float PhaseGrid::wave_right(std::size_t from) const {
  if (same_right[from] == 0) return 0;
  return 0.5F * kStepPx * (wave_x[from] + same_right[from] * wave_x[from + 1]);
}

float PhaseGrid::wave_down(std::size_t from) const {
  if (same_down[from] == 0) return 0;
  return 0.5F * kStepPx * (wave_y[from] + same_down[from] * wave_y[from + width()]);
}

float PhaseGrid::phase_right(std::size_t from) const {
  if (same_right[from] == 0) return 0;
  return nearest_turn(same_right[from] * phase[from + 1] - phase[from], wave_right(from));
}

float PhaseGrid::phase_down(std::size_t from) const {
  if (same_down[from] == 0) return 0;
  return nearest_turn(same_down[from] * phase[from + width()] - phase[from], wave_down(from));
}

float dot(const Edges& a, const Edges& b) {
  return inner_product(a.right, b.right) + inner_product(a.down, b.down);
}

// Vertices lie in flat arrays with a row of zeros before and behind, so that one loop without a
// condition passes over them all.
PhaseSolver::PhaseSolver(const PhaseGrid& grid)
    : width_(grid.width()),
      count_(grid.vertices()),
      right_(padded(grid.same_right)),
      down_(padded(grid.same_down)),
      edges_(count_ + 2 * width_) {
  for (std::size_t i = width_; i < width_ + count_; ++i) {
    edges_[i] = std::abs(right_[i]) + std::abs(right_[i - 1]) + std::abs(down_[i]) +
                std::abs(down_[i - width_]);
  }
}

std::vector<float> PhaseSolver::padded(const std::vector<float>& field) const {
  std::vector<float> made(count_ + 2 * width_);
  std::copy(field.begin(), field.end(), made.begin() + static_cast<std::ptrdiff_t>(width_));
  return made;
}

std::vector<float> PhaseSolver::sums_at_vertices(const Edges& wanted) const {
  std::vector<float> made(count_ + 2 * width_);
  const auto add = [&](std::size_t at, std::size_t by, float same, float more) {
    if (same == 0) return;
    made[at] -= more;
    made[at + by] += same * more;
  };
  for (std::size_t i = 0; i < count_; ++i) {
    add(i + width_, 1, right_[i + width_], wanted.right[i]);
    add(i + width_, width_, down_[i + width_], wanted.down[i]);
  }
  return made;
}

void PhaseSolver::apply(const std::vector<float>& x, std::vector<float>& image) const {
  const float* v = x.data();
  const float *r = right_.data(), *d = down_.data(), *n = edges_.data();
  float* out = image.data();
  const std::size_t w = width_;
  for (std::size_t i = w; i < w + count_; ++i) {
    out[i] =
        n[i] * v[i] - r[i] * v[i + 1] - r[i - 1] * v[i - 1] - d[i] * v[i + w] - d[i - w] * v[i - w];
  }
}

void PhaseSolver::solve(const Edges& wanted, float tolerance, std::vector<float>& phase) const {
  std::vector<float> x = padded(phase), image(x.size()), rest = sums_at_vertices(wanted);
  const float enough = tolerance * tolerance * inner_product(rest, rest);
  apply(x, image);
  for (std::size_t i = 0; i < x.size(); ++i) rest[i] -= image[i];
  std::vector<float> along = rest;
  float length = inner_product(rest, rest);
  for (int step = 0; step < kMostSteps && length > enough; ++step) {
    apply(along, image);
    const float far = length / inner_product(along, image);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] += far * along[i];
      rest[i] -= far * image[i];
    }
    const float left = inner_product(rest, rest);
    const float turn = left / length;
    for (std::size_t i = 0; i < x.size(); ++i) along[i] = rest[i] + turn * along[i];
    length = left;
  }
  std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(width_), count_, phase.begin());
}

Edges PhaseSolver::rest(Edges wanted, const std::vector<float>& phase) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (const float same = right_[i + width_]; same != 0) {
      wanted.right[i] -= same * phase[i + 1] - phase[i];
    }
    if (const float same = down_[i + width_]; same != 0) {
      wanted.down[i] -= same * phase[i + width_] - phase[i];
    }
  }
  return wanted;
}

}  // namespace whorl::scanners
