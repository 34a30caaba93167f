#pragma once
// Face vectors of simulated people (scanners/simulated/faces.h) by number, for tests of what
// searches and compares them.

#include <cstdint>

#include "engine/base/biometrics.h"
#include "scanners/simulated/people.h"

namespace whorl::testing {

class SimulatedFaces {
 public:
  static constexpr int kDimension = scanners::kSimulatedFaceDimension;
  static constexpr const char* kModel = "simulated-128";

  explicit SimulatedFaces(std::uint64_t seed) : people_(seed) {}

  // Capture `capture` of person `person`: the same bytes each time it is asked for.
  FaceTemplate face(std::uint64_t person, std::uint64_t capture) const {
    return people_.person(person).capture_face(model_, capture);
  }

 private:
  scanners::Population people_;
  scanners::FaceModel model_;
};

}  // namespace whorl::testing
