#pragma once
// What the steps of extraction hand on: values on a lattice over the picture, and the few dense
// operations that most of them need.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace whorl::features {

template <class T>
class Grid {
 public:
  Grid() = default;
  Grid(int width, int height, T value = {})
      : width_(width),
        height_(height),
        cells_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), value) {}

  int width() const { return width_; }
  int height() const { return height_; }
  std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(cells_.size()); }
  bool contains(int x, int y) const { return x >= 0 && y >= 0 && x < width_ && y < height_; }

  T* row(int y) { return cells_.data() + index(0, y); }
  const T* row(int y) const { return cells_.data() + index(0, y); }
  T& at(int x, int y) { return cells_[index(x, y)]; }
  const T& at(int x, int y) const { return cells_[index(x, y)]; }
  std::vector<T>& cells() { return cells_; }
  const std::vector<T>& cells() const { return cells_; }

 private:
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
           static_cast<std::size_t>(x);
  }

  int width_ = 0, height_ = 0;
  std::vector<T> cells_;
};

using Field = Grid<float>;

// Convolved with a Gaussian of standard deviation `sigma` cells, cut at three of them; what lies
// beyond the edge is left out and the rest weighs the more.
Field blurred(const Field& field, float sigma);

// The mean of each `block` x `block` pixels; the last blocks of a row or column may be smaller.
Field block_means(const Field& field, int block);

// Cells of `step` pixels to `width` x `height` pixels, linear between the cells' middles.
Field spread(const Field& cells, int step, int width, int height);

// Linear between the middles of cells of `step` pixels at pixel (x, y); clamped at the edges.
float sample(const Field& cells, float step, float x_px, float y_px);

// The value that `share` of those lie below for which `mask` is set (all where it is empty); 0
// where there are none.
float quantile(const Field& field, const Grid<std::uint8_t>& mask, float share);

}  // namespace whorl::features
