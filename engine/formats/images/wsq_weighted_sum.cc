#include "engine/formats/images/wsq_weighted_sum.h"

#include <algorithm>
#include <utility>

namespace whorl::formats::wsq {
namespace {

// As many rows as the standard's filters have taps of one phase are added in one pass over `out`.
constexpr int kMostAtOnce = 9;

// N is known when this is compiled, so that the sum stays in registers and the loop over the
// samples is the one that becomes vectors.
template <int N, bool kAdd>
void sum_rows(const float* const* rows, const float* weights, float* __restrict out, int size) {
  std::array<const float*, N> row;
  std::array<float, N> weight;
  std::copy_n(rows, N, row.begin());
  std::copy_n(weights, N, weight.begin());
  for (int x = 0; x < size; ++x) {
    float sum = kAdd ? out[x] : 0.0F;
    for (std::size_t k = 0; k < N; ++k) sum += weight[k] * row[k][x];
    out[x] = sum;
  }
}

using SumRows = void (*)(const float* const*, const float*, float* __restrict, int);

template <bool kAdd, int... kIndex>
constexpr std::array<SumRows, kMostAtOnce> by_count(std::integer_sequence<int, kIndex...>) {
  return {sum_rows<kIndex + 1, kAdd>...};
}
constexpr auto kFirst = by_count<false>(std::make_integer_sequence<int, kMostAtOnce>());
constexpr auto kFurther = by_count<true>(std::make_integer_sequence<int, kMostAtOnce>());

}  // namespace

void weighted_sum(const Summands& summands, float* out, int size) {
  if (summands.count == 0) {
    std::fill_n(out, size, 0.0F);
    return;
  }
  for (int done = 0; done < summands.count;) {
    const int now = std::min(summands.count - done, kMostAtOnce);
    const auto& sums = done == 0 ? kFirst : kFurther;
    sums[static_cast<std::size_t>(now - 1)](summands.rows.data() + done,
                                            summands.weights.data() + done, out, size);
    done += now;
  }
}

}  // namespace whorl::formats::wsq
