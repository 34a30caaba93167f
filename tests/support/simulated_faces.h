#pragma once
// Face vectors of simulated people, spread as an embedder spreads them: unit length, some
// directions much wider than others, people in groups that look alike, and two captures of one
// person no more alike than real ones (specimen figures: matchers::kDefaultFaceCalibration; a test
// compares).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/biometrics.h"
#include "engine/base/random.h"

namespace whorl::testing {

class SimulatedFaces {
 public:
  static constexpr int kDimension = 128;
  static constexpr const char* kModel = "simulated-128";

  explicit SimulatedFaces(std::uint64_t seed) : seed_(seed) {}

  // Capture `capture` of person `person`: the same bytes each time it is asked for.
  FaceTemplate face(std::uint64_t person, std::uint64_t capture) const {
    SeededRandom nature = SeededRandom::stream(seed_, person);
    SeededRandom group =
        SeededRandom::stream(seed_ ^ 1U, static_cast<std::uint64_t>(nature.below(kGroups)));
    SeededRandom moment =
        SeededRandom::stream(SeededRandom::stream(seed_ ^ 2U, person).next(), capture);
    const auto common = direction(group), own = direction(nature), noise = direction(moment);
    const double alike = std::clamp(moment.normal(kLikeOneself, kLikeOneselfSd), 0.2, 0.98);
    FaceTemplate made{kModel, {}, {}};
    for (std::size_t d = 0; d < kDimension; ++d) {
      const double person_value =
          std::sqrt(kGroupShare) * common[d] + std::sqrt(1 - kGroupShare) * own[d];
      made.vector.push_back(
          static_cast<float>(alike * person_value + std::sqrt(1 - alike * alike) * noise[d]));
    }
    return made;
  }

 private:
  static constexpr std::int64_t kGroups = 40;
  static constexpr double kGroupShare = 0.15;  // of what a person looks like
  // Cosine of a capture to its person; of two captures, about its square.
  static constexpr double kLikeOneself = 0.82, kLikeOneselfSd = 0.08;
  static constexpr double kSpectrumFall = 10;  // dimensions until a direction's variance has halved

  // About unit length.
  static std::vector<double> direction(SeededRandom& random) {
    std::vector<double> values;
    double squared = 0;
    for (int d = 0; d < kDimension; ++d) {
      values.push_back(random.normal(0, 1 / std::sqrt(1 + d / kSpectrumFall)));
      squared += values.back() * values.back();
    }
    for (double& value : values) value /= std::sqrt(squared);
    return values;
  }

  std::uint64_t seed_;
};

}  // namespace whorl::testing
