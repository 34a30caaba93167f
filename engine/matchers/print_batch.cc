#include "engine/matchers/print_batch.h"

#include <tuple>

namespace whorl::matchers {

bool goes_first(const PreparedPrint& a, const PreparedPrint& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto left = std::tuple(a.at[i].x, a.at[i].y, a.steps[i]);
    const auto right = std::tuple(b.at[i].x, b.at[i].y, b.steps[i]);
    if (left != right) return left < right;
  }
  return false;
}

std::int32_t add_print(const PreparedPrint& print, kernels::PrintBatch& batch) {
  WHORL_CHECK(fits_batch(print));
  const auto size = [](const auto& list) { return static_cast<std::int32_t>(list.size()); };
  batch.prints.push_back({size(batch.minutiae), size(print.at), size(batch.corners),
                          size(print.hull), print.bare_share});
  for (std::size_t i = 0; i < print.size(); ++i) {
    batch.minutiae.push_back({print.at[i], print.direction[i], print.reliability[i], print.steps[i],
                              print.vectors.described[i], 0});
  }
  batch.vectors.insert(batch.vectors.end(), print.vectors.values.begin(),
                       print.vectors.values.end());
  batch.corners.insert(batch.corners.end(), print.hull.begin(), print.hull.end());
  return size(batch.prints) - 1;
}

}  // namespace whorl::matchers
