#pragma once

#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"

namespace whorl::scanners {

inline constexpr int kSimulatedFaceDimension = 128;

// Face vectors spread as a real embedder spreads them (MobileFaceNet on LFW: cosine of two captures
// of a person 0.672 +- 0.115, of two people 0.018 +- 0.113; tests/scanners/faces_test.cc measures
// it). Random directions of 128 dimensions would keep strangers at +- 0.088, so the dimensions
// are not equally wide: the variance of dimension d falls as 1 / (1 + d / kSpectrumFall).
//
// Immutable after construction; any thread may use it.
class FaceModel {
 public:
  explicit FaceModel(int dimension = kSimulatedFaceDimension);  // 2 .. kMaxFaceDimension

  const std::string& id() const { return id_; }  // "simulated-128"
  int dimension() const { return static_cast<int>(spread_.size()); }

  // A person's own direction, of unit length.
  std::vector<float> identity(SeededRandom& random) const;
  // One capture of that person: unit length, with the model's id and a quality that follows how
  // like themselves the person looks.
  FaceTemplate capture(const std::vector<float>& identity, SeededRandom& random) const;

 private:
  std::string id_;
  std::vector<double> spread_;
};

}  // namespace whorl::scanners
