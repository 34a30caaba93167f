#include "scanners/simulated/ridge_pattern.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "scanners/simulated/ridge_phase.h"
#include "scanners/simulated/smooth_noise.h"
#include "scanners/simulated/stroke.h"

namespace whorl::scanners {
namespace {

// How much a ridge's width varies along it, as a share of its height, and over which distance.
constexpr float kWidthSd = 0.13F;
constexpr int kWidthStepPx = 5;
// Pores, by estimate: 0.5 .. 1 mm apart along a ridge, 0.1 .. 0.2 mm wide. One is tried in every
// square of the lattice, and stays where it fell on a crest.
constexpr int kPoreLatticePx = 5;
constexpr float kPoreCrest = 0.72F;
constexpr double kLeastPorePx = 0.8, kMostPorePx = 1.5;  // sd of the round hole
// Creases, by estimate: two fingers in five have none.
constexpr double kCreaseless = 0.4;
constexpr int kMostCreases = 4;
constexpr double kLeastCreasePx = 25, kMostCreasePx = 110;
constexpr double kLeastCreaseWidthPx = 0.8, kMostCreaseWidthPx = 1.8;
constexpr float kCreaseDepth = 1.6F;  // a crest is 1

// cos(2 pi turns) within 2e-4, with arithmetic alone: the same on every machine, and vectorised.
float cosine_of_turns(float turns) {
  const float part =
      turns - static_cast<float>(static_cast<int>(turns + (turns < 0 ? -0.5F : 0.5F)));
  const float z = part * part;
  return 1 +
         z * (-19.7392088F +
              z * (64.9393940F +
                   z * (-85.4567173F + z * (60.2446414F + z * (-26.4262568F + z * 7.9035364F)))));
}

// A raster of floats while it is being worked on.
struct Relief {
  int width = 0, height = 0;
  std::vector<float> values;
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
  float* row(int y) { return values.data() + static_cast<std::ptrdiff_t>(y) * width; }
};

// The cosine inside of a cell of the grid. Where the phase goes once around, at minutiae, and where
// normals do, at cores and deltas, it is the cosine that is interpolated, not the phase.
void fill_cell(const PhaseGrid& grid, std::size_t at, Relief& relief, int x, int y) {
  constexpr int kStep = PhaseGrid::kStepPx;
  constexpr float kSame = 0.5F;  // radians; two ways round differ by rounding or by a turn
  const std::size_t below = at + grid.width();
  const float phase = grid.phase[at];
  const float right = phase + grid.phase_right(at), down = phase + grid.phase_down(at);
  const float across = right + grid.same_right[at] * grid.phase_down(at + 1);
  const float around = down + grid.same_down[at] * grid.phase_right(below);
  const bool even =
      grid.same_right[at] * grid.same_down[at + 1] == grid.same_down[at] * grid.same_right[below];
  const bool smooth = even && std::abs(across - around) < kSame;
  float corners[4] = {phase / kTurn, right / kTurn, down / kTurn, across / kTurn};
  if (!smooth) {
    for (float& corner : corners) corner = cosine_of_turns(corner);
  }
  for (int j = 0; j < kStep; ++j) {
    const float v = static_cast<float>(j) / kStep;
    const float left = corners[0] + v * (corners[2] - corners[0]);
    const float slope = corners[1] + v * (corners[3] - corners[1]) - left;
    float* out = relief.row(y + j) + x;
    for (int i = 0; i < kStep; ++i) {
      const float value = left + slope * (static_cast<float>(i) / kStep);
      out[i] = smooth ? cosine_of_turns(value) : value;
    }
  }
}

Relief draw_ridges(const PhaseGrid& grid) {
  Relief relief;
  relief.width = (grid.columns - 1) * PhaseGrid::kStepPx;
  relief.height = (grid.rows - 1) * PhaseGrid::kStepPx;
  relief.values.resize(static_cast<std::size_t>(relief.width) *
                       static_cast<std::size_t>(relief.height));
  for (int row = 0; row + 1 < grid.rows; ++row) {
    for (int column = 0; column + 1 < grid.columns; ++column) {
      fill_cell(grid, grid.vertex(column, row), relief, column * PhaseGrid::kStepPx,
                row * PhaseGrid::kStepPx);
    }
  }
  return relief;
}

// Binomial, three pixels each way: it rounds off what the cells of minutiae leave rough.
void smooth(Relief& relief) {
  const int w = relief.width;
  std::vector<float> before(static_cast<std::size_t>(w)), now(static_cast<std::size_t>(w));
  std::copy_n(relief.row(0), w, before.begin());
  for (int y = 1; y + 1 < relief.height; ++y) {
    float* row = relief.row(y);
    const float* after = relief.row(y + 1);
    std::copy_n(row, w, now.begin());
    for (int x = 0; x < w; ++x) {
      const auto i = static_cast<std::size_t>(x);
      row[x] = 0.25F * (before[i] + after[x]) + 0.5F * now[i];
    }
    std::swap(before, now);
  }
  for (int y = 0; y < relief.height; ++y) {
    float* row = relief.row(y);
    std::copy_n(row, w, now.begin());
    for (int x = 1; x + 1 < w; ++x) {
      const auto i = static_cast<std::size_t>(x);
      row[x] = 0.25F * (now[i - 1] + now[i + 1]) + 0.5F * now[i];
    }
  }
}

void vary_width(Relief& relief, SeededRandom& random) {
  const SmoothNoise noise(relief.width, relief.height, kWidthStepPx, random);
  std::vector<float> row(static_cast<std::size_t>(relief.width));
  for (int y = 0; y < relief.height; ++y) {
    noise.read_row(y, row);
    float* out = relief.row(y);
    for (int x = 0; x < relief.width; ++x) out[x] += kWidthSd * row[static_cast<std::size_t>(x)];
  }
}

void fold_creases(Relief& relief, SeededRandom& random) {
  if (random.chance(kCreaseless)) return;
  for (auto left = 1 + random.below(kMostCreases); left > 0; --left) {
    const double x = random.uniform(0, relief.width), y = random.uniform(0, relief.height);
    const Stroke crease = draw_stroke(x, y, {kLeastCreasePx, kMostCreasePx},
                                      {kLeastCreaseWidthPx, kMostCreaseWidthPx}, random);
    crease.for_each_pixel(relief.width, relief.height, [&](int px, int py, float cover) {
      relief.row(py)[px] -= kCreaseDepth * cover;
    });
  }
}

void open_pores(Relief& relief, std::vector<RidgePattern::Spot>& skin, SeededRandom& random) {
  for (int top = 0; top + kPoreLatticePx <= relief.height; top += kPoreLatticePx) {
    for (int left = 0; left + kPoreLatticePx <= relief.width; left += kPoreLatticePx) {
      const int x = left + static_cast<int>(random.below(kPoreLatticePx));
      const int y = top + static_cast<int>(random.below(kPoreLatticePx));
      const auto sd = static_cast<float>(random.uniform(kLeastPorePx, kMostPorePx));
      if (relief.row(y)[x] < kPoreCrest) continue;
      for_each_pixel_of_spot(static_cast<float>(x), static_cast<float>(y), sd, relief.width,
                             relief.height, [&](int px, int py, float depth) {
                               auto& pore = skin[relief.index(px, py)].pore;
                               pore = std::max(pore, static_cast<std::uint8_t>(255 * depth));
                             });
    }
  }
}

// What distinguishes this finger, in whole pixels: another C library's last bit is no other finger.
std::uint64_t seed_of(const MasterFinger& finger) {
  std::uint64_t seed = finger.minutiae.size();
  const auto mix = [&](float px) {
    seed = seed * 0x9E3779B97F4A7C15U + static_cast<std::uint64_t>(std::lround(px) + 4096);
  };
  for (const MasterMinutia& m : finger.minutiae) {
    mix(m.at.x_px);
    mix(m.at.y_px);
  }
  return seed;
}

}  // namespace

RidgePattern grow_ridges(const MasterFinger& finger) {
  SeededRandom random(seed_of(finger));
  RidgePhase ridges = solve_ridge_phase(finger);
  Relief relief = draw_ridges(ridges.grid);
  smooth(relief);
  RidgePattern made;
  made.width_px = relief.width;
  made.height_px = relief.height;
  made.corner = ridges.grid.corner;
  made.minutiae = std::move(ridges.minutiae);
  made.skin.resize(relief.values.size());
  open_pores(relief, made.skin, random);
  vary_width(relief, random);
  fold_creases(relief, random);
  for (std::size_t i = 0; i < relief.values.size(); ++i) {
    made.skin[i].relief = static_cast<std::int8_t>(std::clamp(relief.values[i], -1.0F, 1.0F) * 127);
  }
  return made;
}

}  // namespace whorl::scanners
