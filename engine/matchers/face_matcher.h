#pragma once
// Two faces: how alike their embeddings are, and what that says about the people.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/result.h"
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

// What similarities mean, for one model of embedder. Both populations are normal distributions with
// a small share of pairs that are not what they seem:
//
//     p(s | one person)  = (1 - stranger_share) N(genuine) + stranger_share N(impostor)
//     p(s | two people)  = (1 - twin_share) N(impostor) + twin_share N(genuine)
//
// stranger_share stands for captures that show nothing of their owner (a wrong box, a mask, decades
// of age); twin_share for pairs of two people no embedder tells apart. Together they bound the
// ratio to ln(stranger_share) .. -ln(twin_share): one face alone can neither rule a person out nor
// prove an identity beyond what its data can back.
struct FaceCalibration {
  std::uint32_t version;  // rises whenever a number below changes; recorded with every decision
  std::string_view model;
  double genuine_mean, genuine_sd;
  double impostor_mean, impostor_sd;
  double stranger_share;
  double twin_share;
};

// MobileFaceNet (128-D) on the 6,000 pairs of LFW's view 2: the means and deviations are measured.
// stranger_share: of the 2.0 % false non-matches measured at FMR 1e-3, the normal part explains
// 0.4 %. twin_share is no measurement, 3,000 impostor pairs cannot show it: about one birth in 250
// is of identical twins, so two people drawn at random from a million are a twin pair with a chance
// of 4e-9; 1e-6 leaves room for siblings and for people enrolled twice under two names.
inline constexpr FaceCalibration kDefaultFaceCalibration{
    1, "mobilefacenet-128", 0.672, 0.115, 0.018, 0.113, 0.016, 1e-6};

// Rising in the similarity: a higher one never has a lower ratio or a higher false match rate.
Calibrated calibrate(const FaceCalibration& calibration, Similarity similarity);

}  // namespace whorl::matchers
