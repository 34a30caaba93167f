#include "engine/matchers/face_matcher.h"

#include <cmath>
#include <cstddef>

#include "engine/base/limits.h"
#include "engine/features/face/face_model.h"

namespace whorl::matchers {
namespace {

// Squared length, or why this vector has no direction.
Result<double> squared_length(const std::vector<float>& vector) {
  if (vector.empty()) return fail(Fault::wrong_dimension);
  if (vector.size() > static_cast<std::size_t>(kMaxFaceDimension)) {
    return fail(Fault::limit_exceeded);
  }
  double sum = 0;  // in double the largest floats squared do not overflow, nor the smallest vanish
  for (const float value : vector) {
    if (!std::isfinite(value)) return fail(Fault::not_finite);
    sum += static_cast<double>(value) * static_cast<double>(value);
  }
  if (sum == 0) return fail(Fault::zero_vector);
  return sum;
}

// Standard deviations beyond which a normal tail is not worth telling from zero; also keeps the
// arithmetic finite for whatever a similarity holds.
constexpr double kFarthest = 30;

double deviations(double x, double mean, double sd) {
  const double z = (x - mean) / sd;
  return z < -kFarthest ? -kFarthest : z > kFarthest ? kFarthest : z;
}

double log_density(double z, double sd) { return -0.5 * z * z - std::log(sd); }

double upper_tail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

}  // namespace

Result<> normalise(FaceTemplate& face) {
  WHORL_TRY(const double squared, squared_length(face.vector));
  if (std::abs(squared - 1) <= kUnitTolerance) return {};
  const double scale = 1 / std::sqrt(squared);
  for (float& value : face.vector) value = static_cast<float>(static_cast<double>(value) * scale);
  return {};
}

Result<std::vector<float>> unit_vector(const FaceTemplate& face) {
  FaceTemplate copy{{}, {}, face.vector};
  WHORL_TRY_VOID(normalise(copy));
  constexpr auto kMultiple = static_cast<std::size_t>(kernels::kFaceLanes);
  copy.vector.resize((copy.vector.size() + kMultiple - 1) / kMultiple * kMultiple, 0.0F);
  return std::move(copy.vector);
}

FaceMatcher::FaceMatcher(kernels::Backend backend) : dot_(kernels::face_dot(backend)) {}

Result<Similarity> FaceMatcher::compare(const FaceTemplate& probe,
                                        const FaceTemplate& reference) const {
  if (probe.model != reference.model) return fail(Fault::wrong_model);
  if (probe.vector.size() != reference.vector.size()) return fail(Fault::wrong_dimension);
  WHORL_TRY(const std::vector<float> a, unit_vector(probe));
  WHORL_TRY(const std::vector<float> b, unit_vector(reference));
  float cosine = 0;
  dot_(a.data(), {b.data(), 1, static_cast<std::int64_t>(b.size())}, &cosine);
  return Similarity{cosine};
}

Result<FaceCalibration> face_calibration(const std::string& model) {
  if (model.starts_with("simulated-")) return kSimulatedFaceCalibration;
  WHORL_TRY(const features::FaceModel description, features::find_face_model(model));
  if (!description.calibration) {
    return fail(Fault::bad_model, 0,
                model + " has no [calibration]; `whorl bench accuracy` fits one");
  }
  return *description.calibration;
}

Calibrated calibrate(const FaceCalibration& c, Similarity similarity) {
  const auto s = static_cast<double>(similarity.value());
  const double genuine_z = deviations(s, c.genuine_mean, c.genuine_sd);
  const double impostor_z = deviations(s, c.impostor_mean, c.impostor_sd);
  // Both mixtures divided by the impostor's density, so that nothing vanishes far from both means.
  const double plain =
      std::exp(log_density(genuine_z, c.genuine_sd) - log_density(impostor_z, c.impostor_sd));
  const double genuine = (1 - c.stranger_share) * plain + c.stranger_share;
  const double impostor = (1 - c.twin_share) + c.twin_share * plain;
  const double fmr =
      (1 - c.twin_share) * upper_tail(impostor_z) + c.twin_share * upper_tail(genuine_z);
  return {LogLikelihoodRatio{std::log(genuine / impostor)}, FalseMatchRate{fmr}};
}

}  // namespace whorl::matchers
