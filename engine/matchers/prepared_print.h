#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/features/fingerprint/minutia_vectors.h"
#include "kernels/comparison_rules.h"

namespace whorl::matchers {

namespace rules = kernels::comparison;
using rules::Point;

// A print as a comparison needs it: its minutiae with y upwards and directions as unit vectors, the
// area they cover, and the vectors of their neighbourhoods. Made once for a probe and once for each
// reference it meets; refilling keeps the memory.
struct PreparedPrint {
  std::vector<Point> at;            // px at 500 ppi, y up
  std::vector<Point> direction;     // unit vectors
  std::vector<std::uint8_t> steps;  // the same as Direction::steps()
  std::vector<float> reliability;   // 0 .. 1 by reported quality; 1 where none is
  std::vector<Point> hull;          // convex, anticlockwise
  float bare_share = 0;  // of a couple with one of these minutiae: kernels/comparison_rules.h
  features::MinutiaVectors vectors;

  void prepare(const FingerTemplate& print, kernels::Backend backend);
  std::size_t size() const { return at.size(); }
  bool covers(Point p) const;  // within the hull
};

}  // namespace whorl::matchers
