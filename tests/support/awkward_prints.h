#pragma once
// Prepared prints and pairs of them that the full comparison takes in every way: mates, strangers,
// corners, few and very many minutiae, and such as lie on one another or say nothing.

#include <vector>

#include "engine/matchers/print_batch.h"
#include "scanners/simulated/people.h"
#include "tests/support/random_print.h"

namespace whorl::testing {

struct PairedPrints {
  matchers::PreparedPrint first, second;
};
inline PairedPrints paired(const FingerTemplate& first, const FingerTemplate& second) {
  PairedPrints pair;
  pair.first.prepare(first, kernels::best_backend());
  pair.second.prepare(second, kernels::best_backend());
  if (matchers::goes_first(pair.second, pair.first)) std::swap(pair.first, pair.second);
  return pair;
}

inline std::vector<PairedPrints> awkward_pairs(std::uint64_t people) {
  const auto capture = [](std::uint64_t person, std::uint64_t number) {
    return scanners::Population(51).person(person).capture(FingerPosition::right_index, number);
  };
  const auto corner = [](FingerTemplate print, std::size_t size) {
    if (print.minutiae.size() > size) print.minutiae.resize(size);
    return print;
  };
  std::vector<PairedPrints> all;
  for (std::uint64_t p = 0; p < people; ++p) {
    all.push_back(paired(capture(p, 0), capture(p, 1)));
    all.push_back(paired(capture(p, 0), capture(p + 1, 0)));
    all.push_back(paired(corner(capture(p, 0), 9 + p % 9), capture(p, 2)));
  }
  for (const int minutiae : {1, 2, 3, 33, 70, 128}) {
    const FingerTemplate print = random_print(static_cast<std::uint64_t>(minutiae), minutiae);
    all.push_back(paired(print, recapture(print, 20, 3, 0.7, 9)));
    all.push_back(paired(print, random_print(77, 40)));
    all.push_back(paired(print, print));
  }
  FingerTemplate heap = random_print(5, 30);  // one place, one direction: everything ties
  for (Minutia& m : heap.minutiae) m.x_px = 40, m.y_px = 50, m.direction = Direction{7};
  all.push_back(paired(heap, heap));
  all.push_back(paired(heap, random_print(6, 30)));
  FingerTemplate line = random_print(8, 20);  // no area
  for (Minutia& m : line.minutiae) m.y_px = 10;
  all.push_back(paired(line, recapture(line, 5, 1, 0.9, 3)));
  return all;
}

}  // namespace whorl::testing
