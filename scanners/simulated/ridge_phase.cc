#include "scanners/simulated/ridge_phase.h"

#include <algorithm>
#include <cmath>

#include "scanners/simulated/spacing.h"

namespace whorl::scanners {
namespace {

// Pixels beyond the outermost minutiae, so that no spiral sits on the border.
constexpr float kMarginPx = 9;
// Wider pads have wider ridges; towards the joint ridges lie a little farther apart.
constexpr float kUsualHalfWidthPx = 95.5F, kJointwardWidening = 0.08F;
// Least squares shortens gradients where directions quarrel. So much more makes the median right.
constexpr float kShortening = 1.06F;
// Where the wave is shorter than kStrained of what it should be, the flow has little say in where
// it runs; from kUnstrained on it weighs six times what the wave does. Chosen on 40 fingers among
// four settings: more say keeps directions and tears periods, less the reverse
// (docs/simulation.md).
constexpr float kStrained = 0.6F, kUnstrained = 0.8F, kLeastSay = 0.3F, kMostSay = 6;
constexpr int kRelaxations = 2;  // before minutiae are moved to their kinds, and after
// Shares of the right side's length at which solutions are good enough.
constexpr float kRough = 1e-2F, kFine = 3e-4F;
// Singular points beyond so many would be a flow that is none.
constexpr std::size_t kMostSingular = 8;
// A minutia's direction is that of the ridges in a ring around it, between these radii.
constexpr int kRingInner = 2, kRingOuter = 4;  // grid steps

struct Normal {
  float x = 0, y = 0;
};

// A quarter turn anticlockwise as seen from a direction, where y runs downwards.
Normal normal_of(float direction) { return {-std::sin(direction), -std::cos(direction)}; }

PhaseGrid lay_out(const MasterFinger& finger) {
  PhaseGrid grid = PhaseGrid::around(finger.contact.half_width_px * kFingerReach + kMarginPx,
                                     finger.contact.half_height_px * kFingerReach + kMarginPx);
  for (std::size_t i = 0; i < grid.vertices(); ++i) {
    const FingerPoint at = grid.place(i);
    const Normal normal = normal_of(finger.flow.orientation(at));
    const float wave = kShortening * kTurn / ridge_period(finger, at);
    grid.wave_x[i] = wave * normal.x;
    grid.wave_y[i] = wave * normal.y;
  }
  grid.compare_normals();
  return grid;
}

// The square between four vertices, named by its upper left one.
struct Cell {
  int column = 0, row = 0;
};

Cell cell_of(const PhaseGrid& grid, FingerPoint at) {
  const auto number = [](float px, int vertices) {
    return std::clamp(static_cast<int>(px / PhaseGrid::kStepPx), 0, vertices - 2);
  };
  return {number(at.x_px - grid.corner.x_px, grid.columns),
          number(at.y_px - grid.corner.y_px, grid.rows)};
}

float sign_at(const PhaseGrid& grid, std::size_t vertex, Normal normal) {
  return normal.x * grid.wave_x[vertex] + normal.y * grid.wave_y[vertex] < 0 ? -1.0F : 1.0F;
}

// One more ridge on the right of a cell than on its left, counted along `normal`: every edge that a
// straight line from there to the nearer side crosses is a turn longer. Where the line lies changes
// phases by whole turns only.
void add_turn(const PhaseGrid& grid, Cell cell, Normal normal, Edges& turns) {
  const auto vertex = [&](int column) { return grid.vertex(column, cell.row); };
  if (cell.column > grid.columns / 2) {
    float sign = sign_at(grid, vertex(cell.column + 1), normal);
    for (int column = cell.column + 1; column < grid.columns; ++column) {
      turns.down[vertex(column)] += sign * kTurn;
      sign *= grid.same_right[vertex(column)];
    }
    return;
  }
  float sign = sign_at(grid, vertex(cell.column), normal);
  for (int column = cell.column; column >= 0; --column) {
    turns.down[vertex(column)] -= sign * kTurn;
    if (column > 0) sign *= grid.same_right[vertex(column - 1)];
  }
}

// Cells around which normals cannot keep one sign: cores and deltas.
std::vector<Cell> singular_cells(const PhaseGrid& grid) {
  std::vector<Cell> found;
  for (int row = 0; row + 1 < grid.rows; ++row) {
    for (int column = 0; column + 1 < grid.columns; ++column) {
      const std::size_t i = grid.vertex(column, row);
      const float top = grid.same_right[i], bottom = grid.same_right[i + grid.width()];
      if (top * bottom * grid.same_down[i] * grid.same_down[i + 1] < 0) {
        found.push_back({column, row});
      }
    }
  }
  return found;
}

Edges wanted(const PhaseGrid& grid, const Edges& turns) {
  Edges made = turns;
  for (std::size_t i = 0; i < grid.vertices(); ++i) {
    made.right[i] += grid.wave_right(i);
    made.down[i] += grid.wave_down(i);
  }
  return made;
}

// Gaussian elimination of a positive definite system; unknowns become whole numbers one by one, and
// each takes into account how the others were rounded. They stay odd or even as they were in
// `before`, where that is not empty.
std::vector<float> whole_solution(std::vector<std::vector<double>> rows,
                                  const std::vector<float>& before) {
  const std::size_t n = rows.size();
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = rows[i][k] / rows[k][k];
      for (std::size_t j = k; j <= n; ++j) rows[i][j] -= factor * rows[k][j];
    }
  }
  std::vector<float> solution(n);
  for (std::size_t k = n; k-- > 0;) {
    double value = rows[k][n];
    for (std::size_t j = k + 1; j < n; ++j) value -= rows[k][j] * static_cast<double>(solution[j]);
    value /= rows[k][k];
    const double parity = before.empty() ? 0 : std::fmod(static_cast<double>(before[k]), 2.0);
    const double whole =
        before.empty() ? std::round(value) : parity + 2 * std::round((value - parity) / 2);
    solution[k] = static_cast<float>(whole);
  }
  return solution;
}

// How many ridges lie between cores and deltas is a whole number, which the phase must be told:
// turns at the singular points, found from the response to one turn at each. (Turns at all of them
// together turn all ridges into valleys, and change nothing else, so the last has none.) `ridges`
// are the counts; where it is not empty, ridges at singular points stay ridges.
void count_ridges_between_singular_points(const PhaseSolver& solver, const PhaseGrid& flow,
                                          PhaseGrid& grid, Edges& turns,
                                          std::vector<float>& ridges) {
  std::vector<Cell> cells = singular_cells(flow);
  if (cells.size() < 2) return;
  cells.resize(std::min(cells.size() - 1, kMostSingular));
  std::vector<Edges> turn, rest;
  std::vector<std::vector<float>> response;
  for (const Cell& cell : cells) {
    const std::size_t i = grid.vertex(cell.column, cell.row);
    turn.emplace_back(grid);
    add_turn(flow, cell, {flow.wave_x[i], flow.wave_y[i]}, turn.back());
    response.emplace_back(grid.vertices());
    solver.solve(turn.back(), kRough, response.back());
    rest.push_back(solver.rest(turn.back(), response.back()));
  }
  const Edges lacking = solver.rest(wanted(grid, turns), grid.phase);
  std::vector<std::vector<double>> rows(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::size_t j = 0; j < cells.size(); ++j) {
      rows[i].push_back(dot(rest[i], rest[j]) * (i == j ? 1.001 : 1.0));  // never singular
    }
    rows[i].push_back(-dot(rest[i], lacking));
  }
  ridges = whole_solution(std::move(rows), ridges);
  for (std::size_t k = 0; k < cells.size(); ++k) {
    for (std::size_t i = 0; i < grid.vertices(); ++i) {
      turns.right[i] += ridges[k] * turn[k].right[i];
      turns.down[i] += ridges[k] * turn[k].down[i];
      grid.phase[i] += ridges[k] * response[k][i];
    }
  }
}

// The phase with these minutiae. Signs are those of `flow`; the waves of `grid` have moved on.
Edges solve(const PhaseSolver& solver, const PhaseGrid& flow,
            const std::vector<MasterMinutia>& minutiae, PhaseGrid& grid,
            std::vector<float>& ridges) {
  Edges turns(grid);
  for (const MasterMinutia& m : minutiae) {
    add_turn(flow, cell_of(flow, m.at), normal_of(m.direction_radians), turns);
  }
  solver.solve(wanted(grid, turns), kRough, grid.phase);
  count_ridges_between_singular_points(solver, flow, grid, turns, ridges);
  solver.solve(wanted(grid, turns), kFine, grid.phase);
  return turns;
}

// The phase just ahead of a minutia: 0 where a ridge begins there, half a turn where a valley does.
float phase_ahead(const PhaseGrid& grid, const MasterMinutia& minutia) {
  const Cell cell = cell_of(grid, minutia.at);
  const Normal normal = normal_of(minutia.direction_radians);
  float cosine = 0, sine = 0;
  for (int corner = 0; corner < 4; ++corner) {
    const std::size_t vertex = grid.vertex(cell.column + corner % 2, cell.row + corner / 2);
    const FingerPoint at = grid.place(vertex);
    const float dx = at.x_px - minutia.at.x_px, dy = at.y_px - minutia.at.y_px;
    const float sign = sign_at(grid, vertex, normal);
    const float flow = sign * (grid.wave_x[vertex] * dx + grid.wave_y[vertex] * dy);
    const float spiral = std::atan2(-dy, dx) - minutia.direction_radians;
    const float phase = sign * grid.phase[vertex] - flow - spiral;
    cosine += std::cos(phase);
    sine += std::sin(phase);
  }
  return std::atan2(sine, cosine);
}

// Moves minutiae across the ridges to where they are of their kind, but none near another.
void move_to_kind(const MasterFinger& finger, const PhaseGrid& grid,
                  std::vector<MasterMinutia>& minutiae) {
  for (MasterMinutia& m : minutiae) {
    const float kind = m.kind == MinutiaKind::bifurcation ? 0.5F : 0;
    const float turns = kind - phase_ahead(grid, m) / kTurn;
    const float by_px = (turns - std::round(turns)) * ridge_period(finger, m.at);
    const Normal normal = normal_of(m.direction_radians);
    const FingerPoint to{m.at.x_px + by_px * normal.x, m.at.y_px + by_px * normal.y};
    const bool crowded = std::any_of(minutiae.begin(), minutiae.end(), [&](const auto& other) {
      const float dx = other.at.x_px - to.x_px, dy = other.at.y_px - to.y_px;
      return &other != &m && dx * dx + dy * dy < kClosestPx * kClosestPx;
    });
    if (!crowded) m.at = to;
  }
}

// The gradient of the phase along each vertex' own normal, radians per pixel.
void set_gradient(const PhaseGrid& grid, std::vector<float>& x, std::vector<float>& y) {
  const float pixel = 1.0F / PhaseGrid::kStepPx;
  const auto between = [&](bool has_before, float before, bool has_after, float after) {
    if (!has_before) return after * pixel;
    return has_after ? 0.5F * (before + after) * pixel : before * pixel;
  };
  const std::size_t w = grid.width();
  for (std::size_t i = 0; i < grid.vertices(); ++i) {
    const bool left = i % w > 0, up = i >= w;
    const float to_left = left ? grid.same_right[i - 1] * grid.phase_right(i - 1) : 0;
    const float to_up = up ? grid.same_down[i - w] * grid.phase_down(i - w) : 0;
    x[i] = between(left, to_left, grid.same_right[i] != 0, grid.phase_right(i));
    y[i] = between(up, to_up, grid.same_down[i] != 0, grid.phase_down(i));
  }
}

// Asks for waves of the right length, along a compromise of where they run and where they should.
void relax(const PhaseGrid& flow, PhaseGrid& grid) {
  std::vector<float> gradient_x(grid.vertices()), gradient_y(grid.vertices());
  set_gradient(grid, gradient_x, gradient_y);
  for (std::size_t i = 0; i < grid.vertices(); ++i) {
    const float gx = gradient_x[i], gy = gradient_y[i];
    const float fx = flow.wave_x[i], fy = flow.wave_y[i];
    const float length = std::sqrt(fx * fx + fy * fy);
    const float share = std::sqrt(gx * gx + gy * gy) / length;
    const float ease = std::clamp((share - kStrained) / (kUnstrained - kStrained), 0.0F, 1.0F);
    const float say = kLeastSay + (kMostSay - kLeastSay) * ease;
    const float x = gx + say * fx, y = gy + say * fy;
    const float norm = std::sqrt(x * x + y * y);
    if (norm == 0) continue;
    grid.wave_x[i] = length * x / norm;
    grid.wave_y[i] = length * y / norm;
  }
}

// Along the ridges around it, in the sense it had.
float direction_of(const PhaseGrid& grid, const std::vector<float>& x, const std::vector<float>& y,
                   const MasterMinutia& minutia) {
  const Cell cell = cell_of(grid, minutia.at);
  float cosine = 0, sine = 0;  // of twice the normal's angle, y upwards
  for (int dy = -kRingOuter; dy <= kRingOuter; ++dy) {
    for (int dx = -kRingOuter; dx <= kRingOuter; ++dx) {
      const int radius = dx * dx + dy * dy, column = cell.column + dx, row = cell.row + dy;
      if (radius < kRingInner * kRingInner || radius > kRingOuter * kRingOuter) continue;
      if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) continue;
      const std::size_t i = grid.vertex(column, row);
      cosine += x[i] * x[i] - y[i] * y[i];
      sine -= 2 * x[i] * y[i];
    }
  }
  const float along = 0.5F * std::atan2(sine, cosine) + kTurn / 4;
  const float half_turns = std::round((minutia.direction_radians - along) / (kTurn / 2));
  return along + half_turns * (kTurn / 2);
}

}  // namespace

float ridge_period(const MasterFinger& finger, FingerPoint at) {
  const float size = std::sqrt(finger.contact.half_width_px / kUsualHalfWidthPx);
  const float down = std::clamp(at.y_px / finger.contact.half_height_px, -1.0F, 1.0F);
  return static_cast<float>(kRidgePeriodPx) * size * (1 + kJointwardWidening * down);
}

RidgePhase solve_ridge_phase(const MasterFinger& finger) {
  const PhaseGrid flow = lay_out(finger);
  RidgePhase made{flow, finger.minutiae};
  PhaseGrid& grid = made.grid;
  const PhaseSolver solver(grid);
  std::vector<float> ridges;
  const auto relax_some = [&](const Edges& turns) {
    for (int i = 0; i < kRelaxations; ++i) {
      relax(flow, grid);
      solver.solve(wanted(grid, turns), kFine, grid.phase);
    }
  };
  relax_some(solve(solver, flow, made.minutiae, grid, ridges));
  ridges.clear();  // counted anew: waves are longer now
  solve(solver, flow, made.minutiae, grid, ridges);
  move_to_kind(finger, grid, made.minutiae);
  relax_some(solve(solver, flow, made.minutiae, grid, ridges));
  std::vector<float> x(grid.vertices()), y(grid.vertices());
  set_gradient(grid, x, y);
  for (MasterMinutia& m : made.minutiae) m.direction_radians = direction_of(grid, x, y, m);
  return made;
}

}  // namespace whorl::scanners
