#pragma once

#include <cstdint>

#include "engine/base/biometrics.h"
#include "kernels/backend.h"

namespace whorl::features {

// The projection that makes codes from cylinders: PCA directions of cylinders, whitened by taking
// signs alone, fitted without labels on simulated people (bench/accuracy/fit_minutia_projection,
// its command line in docs/accuracy.md). Another projection makes other codes: galleries are
// recoded, and an index written with one version refuses another.
inline constexpr std::uint16_t kMinutiaCodeVersion = 1;
const kernels::SignProjection& minutia_projection();
// How far the sums of the leading kernels::kVectorSize rows spread over cylinders: [kVectorSize].
const std::int32_t* projection_deviations();

// Fills `codes` and `code_version` of a template from its minutiae; a code without a bit marks a
// minutia with too few neighbours. Does nothing where the codes are of this version already.
// The result does not depend on the backend. Cost: about 22 us for 36 minutiae with AVX-512.
void describe_minutiae(FingerTemplate& print, kernels::Backend backend = kernels::best_backend());

}  // namespace whorl::features
