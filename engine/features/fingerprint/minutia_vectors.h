#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/biometrics.h"
#include "kernels/backend.h"

namespace whorl::features {

// The neighbourhood of each minutia as a vector of bytes: the leading principal directions of its
// cylinder, each divided by how far cylinders spread along it, and scaled to one length. Where a
// code (minutia_codes.h) keeps only signs, so that a million prints fit into memory, a vector keeps
// the values; it is made when a print is compared and never stored.
//
// The projection and the deviations are those of the codes: docs/formats/minutia-projection.md.
struct MinutiaVectors {
  std::vector<std::int8_t> values;  // [minutiae, kernels::kVectorSize]; zeros where not described
  std::vector<std::uint8_t> described;  // [minutiae] 0: too few neighbours
};
inline constexpr int kVectorLength = 360;  // four deviations of an element are 127

// Refills `vectors`, keeping its memory. The result does not depend on the backend.
void describe_vectors(std::span<const Minutia> minutiae, kernels::Backend backend,
                      MinutiaVectors& vectors);

}  // namespace whorl::features
