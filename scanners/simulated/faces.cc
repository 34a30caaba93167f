#include "scanners/simulated/faces.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "engine/base/limits.h"
#include "kernels/core.h"

namespace whorl::scanners {
namespace {

// Dimensions until the variance has halved, for 128 dimensions. The participation ratio of the
// variances is then 78, and the cosine of two strangers spreads by 1 / sqrt(78) = 0.113.
constexpr double kSpectrumFall = 12.0 / 128;
// What all faces share. Its square, times what a capture keeps of a person (0.67), is the mean
// cosine of strangers.
constexpr double kCommon = 0.163;
// Cosine of a capture to its person. Two captures agree by about the product of theirs.
constexpr double kLikeOneself = 0.82, kLikeOneselfSd = 0.092, kLeast = 0.3, kMost = 0.985;

void to_unit_length(std::span<double> vector) {
  double squared = 0;
  for (const double v : vector) squared += v * v;
  const double scale = 1 / std::sqrt(squared);
  for (double& v : vector) v *= scale;
}

std::vector<double> direction(const std::vector<double>& spread, SeededRandom& random) {
  std::vector<double> made(spread.size());
  for (std::size_t d = 0; d < made.size(); ++d) made[d] = random.normal(0, spread[d]);
  to_unit_length(made);
  return made;
}

std::vector<float> rounded(std::span<const double> exact) { return {exact.begin(), exact.end()}; }

}  // namespace

FaceModel::FaceModel(int dimension) : id_("simulated-" + std::to_string(dimension)) {
  WHORL_CHECK(dimension >= 2);
  WHORL_CHECK(dimension <= kMaxFaceDimension);
  for (int d = 0; d < dimension; ++d) {
    spread_.push_back(1 / std::sqrt(1 + d / (kSpectrumFall * dimension)));
  }
}

std::vector<float> FaceModel::identity(SeededRandom& random) const {
  std::vector<double> own = direction(spread_, random);
  // The common part is alike in all dimensions, so that no dimension alone tells a face.
  const double common = kCommon / std::sqrt(static_cast<double>(own.size()));
  const double share = std::sqrt(1 - kCommon * kCommon);
  for (double& v : own) v = share * v + common;
  to_unit_length(own);
  return rounded(own);
}

FaceTemplate FaceModel::capture(const std::vector<float>& identity, SeededRandom& random) const {
  WHORL_CHECK(identity.size() == spread_.size());
  const double alike = std::clamp(random.normal(kLikeOneself, kLikeOneselfSd), kLeast, kMost);
  std::vector<double> made = direction(spread_, random);
  const double noise = std::sqrt(1 - alike * alike);
  for (std::size_t d = 0; d < made.size(); ++d) made[d] = alike * identity[d] + noise * made[d];
  to_unit_length(made);
  const double quality = std::clamp(60 + (alike - kLikeOneself) / kLikeOneselfSd * 15, 1.0, 100.0);
  return {id_, Quality{static_cast<std::uint8_t>(quality)}, rounded(made)};
}

}  // namespace whorl::scanners
