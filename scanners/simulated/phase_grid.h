#pragma once

#include <cstddef>
#include <numbers>
#include <vector>

#include "scanners/simulated/ridge_flow.h"

namespace whorl::scanners {

inline constexpr float kTurn = 2 * std::numbers::pi_v<float>;  // radians

// The phase of ridges on a square grid: ridges are where its cosine is 1, valleys where it is -1.
//
// Neither sign of a ridge's normal is the right one, and around a core none can be kept. So every
// vertex has a normal of its own, and an edge knows whether its ends agree: "same" is +1 or -1, and
// 0 where there is no neighbour. The phase of a vertex counts along its own normal; whole turns
// more or less change nothing.
struct PhaseGrid {
  static constexpr int kStepPx = 3;  // a third of a ridge period

  int columns = 0, rows = 0;
  FingerPoint corner;                        // of vertex (0, 0); vertices run right, then down
  std::vector<float> wave_x, wave_y;         // along the vertex' normal, radians per pixel
  std::vector<float> same_right, same_down;  // as the vertex' normal and its neighbour's agree
  std::vector<float> phase;                  // radians

  // Reaches at least so far from the middle, each way. All fields are 0.
  static PhaseGrid around(float half_width_px, float half_height_px);
  std::size_t vertices() const { return phase.size(); }
  std::size_t width() const { return static_cast<std::size_t>(columns); }
  std::size_t vertex(int column, int row) const {
    return static_cast<std::size_t>(row) * width() + static_cast<std::size_t>(column);
  }
  FingerPoint place(std::size_t at) const;
  // Says which neighbours agree, once all waves are set.
  void compare_normals();

  // From a vertex to its neighbour, as the waves would have it, and as the phases are; radians.
  float wave_right(std::size_t from) const;
  float wave_down(std::size_t from) const;
  float phase_right(std::size_t from) const;
  float phase_down(std::size_t from) const;
};

// A number for each edge of the grid, at its left or upper vertex.
struct Edges {
  std::vector<float> right, down;
  explicit Edges(const PhaseGrid& grid) : right(grid.vertices()), down(grid.vertices()) {}
};
float dot(const Edges& a, const Edges& b);

// Phases whose differences are nearest to what the edges want, by least squares. Immutable.
class PhaseSolver {
 public:
  explicit PhaseSolver(const PhaseGrid& grid);  // of which it keeps the comparisons alone

  // Conjugate gradients from the phases that are there, until what remains is `tolerance` of what
  // the edges want. About 20 us a step on 10,000 vertices, a few hundred steps from nothing.
  void solve(const Edges& wanted, float tolerance, std::vector<float>& phase) const;
  // What the phases leave unfulfilled.
  Edges rest(Edges wanted, const std::vector<float>& phase) const;

 private:
  std::vector<float> padded(const std::vector<float>& field) const;
  std::vector<float> sums_at_vertices(const Edges& wanted) const;
  void apply(const std::vector<float>& x, std::vector<float>& image) const;

  std::size_t width_, count_;
  std::vector<float> right_, down_, edges_;  // padded
};

}  // namespace whorl::scanners
