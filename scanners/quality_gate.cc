#include "scanners/quality_gate.h"

#include <cmath>

#include "engine/base/limits.h"

namespace whorl::scanners {
namespace {

// A unit vector of floats misses 1 by far less than this.
constexpr double kLengthTolerance = 1e-3;

bool reported_below(Quality quality, int lowest) {
  return quality.value != Quality::kNotReported && quality.value < lowest;
}

std::string out_of_100(Quality quality, int lowest) {
  return std::to_string(quality.value) + " of 100, and " + std::to_string(lowest) + " is needed";
}

std::optional<Refusal> refusal_of_finger(const FingerTemplate& print, const GateLimits& limits) {
  const auto found = static_cast<int>(print.minutiae.size());
  if (found > kMaxMinutiaePerTemplate) {
    return Refusal{Fault::limit_exceeded, false,
                   "The device found " + std::to_string(found) +
                       " ridge points, more than a finger "
                       "has: have the device or its settings checked."};
  }
  if (found < limits.fewest_minutiae) {
    return Refusal{Fault::too_few_minutiae, true,
                   "Only " + std::to_string(found) + " ridge points were found, and " +
                       std::to_string(limits.fewest_minutiae) +
                       " are needed: lay the whole fingertip flat and capture again."};
  }
  if (reported_below(print.quality, limits.lowest_finger_quality)) {
    return Refusal{Fault::quality_too_low, true,
                   "The print is too unclear (" +
                       out_of_100(print.quality, limits.lowest_finger_quality) +
                       "): wipe glass and finger, moisten a dry finger, and capture again."};
  }
  return std::nullopt;
}

std::optional<Refusal> refusal_of_face(const FaceTemplate& face, const GateLimits& limits) {
  double squared = 0;
  for (const float v : face.vector) squared += static_cast<double>(v) * v;
  if (!std::isfinite(squared)) {
    return Refusal{Fault::not_finite, false,
                   "The face could not be turned into numbers: have the device checked."};
  }
  if (face.vector.empty() || face.vector.size() > std::size_t{kMaxFaceDimension}) {
    return Refusal{Fault::wrong_dimension, false,
                   "The face has a length the engine does not know: have the face model checked."};
  }
  if (squared == 0) {
    return Refusal{Fault::zero_vector, false, "The face came out empty: have the device checked."};
  }
  if (std::abs(std::sqrt(squared) - 1) > kLengthTolerance) {
    return Refusal{Fault::out_of_range, false,
                   "The face is not scaled to length one: have the face model checked."};
  }
  if (reported_below(face.quality, limits.lowest_face_quality)) {
    return Refusal{Fault::quality_too_low, true,
                   "The picture is too unclear (" +
                       out_of_100(face.quality, limits.lowest_face_quality) +
                       "): more light, look straight ahead, and capture again."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Refusal> refusal_of(const Capture& capture, const GateLimits& limits) {
  if (capture.templates.empty()) {
    return Refusal{Fault::empty_input, true, "Nothing was captured: capture again."};
  }
  if (capture.templates.size() > kMaxTemplatesPerEncounter) {
    return Refusal{Fault::limit_exceeded, false,
                   "More prints than one visit can hold: have the device checked."};
  }
  if (capture.source.size() > kMaxSourceBytes) {
    return Refusal{Fault::limit_exceeded, false,
                   "The station's name is longer than " + std::to_string(kMaxSourceBytes) +
                       " bytes: shorten it."};
  }
  for (const Template& t : capture.templates) {
    if (modality_of(t) != capture.modality) {
      return Refusal{Fault::bad_argument, false,
                     "A face was announced and a finger came, or the reverse: have the device "
                     "checked."};
    }
    const auto* print = std::get_if<FingerTemplate>(&t);
    auto refused = print != nullptr ? refusal_of_finger(*print, limits)
                                    : refusal_of_face(std::get<FaceTemplate>(t), limits);
    if (refused) return refused;
  }
  return std::nullopt;
}

}  // namespace whorl::scanners
