#pragma once
// Two faces: how alike their embeddings are, and what that says about the people.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
#include "engine/features/face/face_calibration.h"
#include "engine/matchers/calibration.h"
#include "kernels/backend.h"

namespace whorl::matchers {

// Scales the vector to unit length, in place. Call it where a template enters, before it is stored.
// A vector within kUnitTolerance of unit length is left as it is, so that normalising twice is
// normalising once. Faults: wrong_dimension (no values at all), limit_exceeded (more than
// kMaxFaceDimension), not_finite, zero_vector; the template is unchanged then.
Result<> normalise(FaceTemplate& face);
// Of the squared length. Rounding each value to float moves it by at most 1.2e-7.
inline constexpr double kUnitTolerance = 1e-6;

// The normalised vector, padded with zeros to whole kernels::kFaceLanes: what kernels/face_dot.h
// takes. Faults of normalise().
Result<std::vector<float>> unit_vector(const FaceTemplate& face);

// Cosine of the angle between two embeddings of one model, -1 .. 1 up to rounding: the exact inner
// product of kernels/face_dot.h, so an index and this matcher give the same bits for one pair.
// Symmetric. Faults: wrong_model, wrong_dimension (another length than the probe's), and those of
// normalise(). Cost: a few multiplications a dimension.
class FaceMatcher {
 public:
  explicit FaceMatcher(kernels::Backend backend = kernels::best_backend());
  Result<Similarity> compare(const FaceTemplate& probe, const FaceTemplate& reference) const;

 private:
  kernels::FaceDot dot_;
};

// Of simulated faces, whose generators draw from these figures.
inline const FaceCalibration kSimulatedFaceCalibration{1,     "simulated", 0.672, 0.115,
                                                       0.018, 0.113,       0.016, 1e-6};

// What similarities of a model's vectors mean: from its description (features::find_face_model),
// and for the models "simulated-..." the figures above.
// Faults: model_unavailable (no description by this id), bad_model (it has no [calibration]).
Result<FaceCalibration> face_calibration(const std::string& model);

// Rising in the similarity: a higher one never has a lower ratio or a higher false match rate.
Calibrated calibrate(const FaceCalibration& calibration, Similarity similarity);

}  // namespace whorl::matchers
