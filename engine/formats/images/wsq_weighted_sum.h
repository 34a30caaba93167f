#pragma once
// The one inner loop of the wavelet transform: a row as the weighted sum of other rows.

#include <array>
#include <cstddef>

namespace whorl::formats::wsq {

inline constexpr int kMaxSummands = 64;  // both filters' taps

// What is added up; `rows` point at as many samples as are asked for.
struct Summands {
  std::array<const float*, kMaxSummands> rows;
  std::array<float, kMaxSummands> weights;
  int count = 0;

  void add(const float* row, float weight) {
    rows[static_cast<std::size_t>(count)] = row;
    weights[static_cast<std::size_t>(count++)] = weight;
  }
};

// out[0 .. size) = the sum of weight * row; zeroes where there are no summands. `out` overlaps none
// of them.
void weighted_sum(const Summands& summands, float* out, int size);

}  // namespace whorl::formats::wsq
