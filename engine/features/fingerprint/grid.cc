#include "engine/features/fingerprint/grid.h"

#include <algorithm>
#include <cmath>

namespace whorl::features {
namespace {

std::vector<float> gaussian(float sigma) {
  const int reach = std::max(1, static_cast<int>(std::ceil(3 * sigma)));
  std::vector<float> weights(static_cast<std::size_t>(reach) + 1);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto distance = static_cast<float>(i);
    weights[i] = std::exp(-distance * distance / (2 * sigma * sigma));
  }
  return weights;
}

// For each place of a line of `length`, one over the weights that fall inside.
std::vector<float> inside_weights(const std::vector<float>& weights, int length) {
  const int reach = static_cast<int>(weights.size()) - 1;
  std::vector<float> all(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) {
    float sum = 0;
    for (int j = std::max(0, i - reach); j <= std::min(length - 1, i + reach); ++j) {
      sum += weights[static_cast<std::size_t>(std::abs(j - i))];
    }
    all[static_cast<std::size_t>(i)] = 1 / sum;
  }
  return all;
}

void add_scaled(const float* from, float weight, float* to, int count) {
  for (int x = 0; x < count; ++x) to[x] += weight * from[x];
}

// to[x] += sum over t of weights[t] * from[t][x], added in the order of t; four at a time, as `to`
// is what has to be fetched and put back. `to` may not be among `from`.
void add_weighted(const std::vector<const float*>& from, const std::vector<float>& weights,
                  float* __restrict to, int count) {
  std::size_t t = 0;
  for (; t + 4 <= from.size(); t += 4) {
    const float *a = from[t], *b = from[t + 1], *c = from[t + 2], *d = from[t + 3];
    const float wa = weights[t], wb = weights[t + 1], wc = weights[t + 2], wd = weights[t + 3];
    for (int x = 0; x < count; ++x) {
      to[x] = to[x] + wa * a[x] + wb * b[x] + wc * c[x] + wd * d[x];
    }
  }
  for (; t < from.size(); ++t) add_scaled(from[t], weights[t], to, count);
}

// Between which two cells a pixel lies, and how far towards the second.
struct Between {
  int first, second;
  float share;
};
Between between(float at_px, float step, int cells) {
  const float at = std::clamp((at_px + 0.5F) / step - 0.5F, 0.0F, static_cast<float>(cells - 1));
  const int first = static_cast<int>(at);
  return {first, std::min(first + 1, cells - 1), at - static_cast<float>(first)};
}

}  // namespace

// Down and across a row at a time: the row between them stays in the cache.
Field blurred(const Field& field, float sigma) {
  const std::vector<float> weights = gaussian(sigma);
  const int reach = static_cast<int>(weights.size()) - 1, w = field.width(), h = field.height();
  const std::vector<float> inside_x = inside_weights(weights, w),
                           inside_y = inside_weights(weights, h);
  const auto weight = [&](int j) { return weights[static_cast<std::size_t>(std::abs(j))]; };
  std::vector<float> line(static_cast<std::size_t>(w + 2 * reach));  // zero beyond the edges
  float* middle = line.data() + reach;
  std::vector<const float*> rows, shifts;
  std::vector<float> row_weights, shift_weights;
  for (int j = -reach; j <= reach; ++j) {
    shifts.push_back(middle + j), shift_weights.push_back(weight(j));
  }
  Field out(w, h);
  for (int y = 0; y < h; ++y) {
    rows.clear(), row_weights.clear();
    for (int j = std::max(0, y - reach); j <= std::min(h - 1, y + reach); ++j) {
      rows.push_back(field.row(j)), row_weights.push_back(weight(j - y));
    }
    std::fill_n(middle, w, 0.0F);
    add_weighted(rows, row_weights, middle, w);
    for (int x = 0; x < w; ++x) middle[x] *= inside_y[static_cast<std::size_t>(y)];
    float* to = out.row(y);
    add_weighted(shifts, shift_weights, to, w);
    for (int x = 0; x < w; ++x) to[x] *= inside_x[static_cast<std::size_t>(x)];
  }
  return out;
}

Field block_means(const Field& field, int block) {
  Field out((field.width() + block - 1) / block, (field.height() + block - 1) / block);
  std::vector<float> sums(static_cast<std::size_t>(field.width()));
  for (int y = 0; y < out.height(); ++y) {
    std::fill(sums.begin(), sums.end(), 0.0F);
    const int rows = std::min(block, field.height() - y * block);
    for (int j = 0; j < rows; ++j)
      add_scaled(field.row(y * block + j), 1, sums.data(), field.width());
    for (int x = 0; x < out.width(); ++x) {
      const int columns = std::min(block, field.width() - x * block);
      float sum = 0;
      for (int i = 0; i < columns; ++i) sum += sums[static_cast<std::size_t>(x * block + i)];
      out.at(x, y) = sum / static_cast<float>(rows * columns);
    }
  }
  return out;
}

Field spread(const Field& cells, int step, int width, int height) {
  Field out(width, height);
  std::vector<Between> columns;
  for (int x = 0; x < width; ++x) {
    columns.push_back(between(static_cast<float>(x), static_cast<float>(step), cells.width()));
  }
  std::vector<float> line(static_cast<std::size_t>(cells.width()));
  for (int y = 0; y < height; ++y) {
    const Between b = between(static_cast<float>(y), static_cast<float>(step), cells.height());
    const float *above = cells.row(b.first), *below = cells.row(b.second);
    for (int x = 0; x < cells.width(); ++x) {
      line[static_cast<std::size_t>(x)] = above[x] + b.share * (below[x] - above[x]);
    }
    float* to = out.row(y);
    for (int x = 0; x < width; ++x) {
      const Between& c = columns[static_cast<std::size_t>(x)];
      const float left = line[static_cast<std::size_t>(c.first)];
      to[x] = left + c.share * (line[static_cast<std::size_t>(c.second)] - left);
    }
  }
  return out;
}

float sample(const Field& cells, float step, float x_px, float y_px) {
  const Between x = between(x_px, step, cells.width()), y = between(y_px, step, cells.height());
  const float *above = cells.row(y.first), *below = cells.row(y.second);
  const float top = above[x.first] + x.share * (above[x.second] - above[x.first]);
  const float bottom = below[x.first] + x.share * (below[x.second] - below[x.first]);
  return top + y.share * (bottom - top);
}

float quantile(const Field& field, const Grid<std::uint8_t>& mask, float share) {
  std::vector<float> values;
  values.reserve(field.cells().size());
  for (std::size_t i = 0; i < field.cells().size(); ++i) {
    if (mask.size() == 0 || mask.cells()[i] != 0) values.push_back(field.cells()[i]);
  }
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<float>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

}  // namespace whorl::features
