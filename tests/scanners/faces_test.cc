#include "scanners/simulated/faces.h"

#include <gtest/gtest.h>

#include <cmath>

#include "scanners/simulated/people.h"
#include "tests/scanners/print_statistics.h"

namespace whorl::scanners {
namespace {

using testing::Spread;

double cosine(const FaceTemplate& a, const FaceTemplate& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.vector.size(); ++d) {
    sum += static_cast<double>(a.vector[d]) * b.vector[d];
  }
  return sum;
}

// MobileFaceNet on LFW: mates 0.672 +- 0.115, strangers 0.018 +- 0.113.
TEST(SimulatedFaces, CosinesSpreadAsARealEmbeddersDo) {
  const FaceModel model;
  const Population population(31);
  Spread mates, strangers;
  for (std::uint64_t n = 0; n < 2500; ++n) {
    const FaceTemplate face = population.person(n).capture_face(model, 0);
    mates.add(cosine(face, population.person(n).capture_face(model, 1)));
    strangers.add(cosine(face, population.person(n + 1).capture_face(model, 0)));
  }
  EXPECT_NEAR(mates.mean(), 0.672, 0.02);
  EXPECT_NEAR(mates.sd(), 0.115, 0.015);
  EXPECT_NEAR(strangers.mean(), 0.018, 0.015);
  EXPECT_NEAR(strangers.sd(), 0.113, 0.012);
}

TEST(SimulatedFaces, AreUnitVectorsOfTheirModel) {
  for (const int dimension : {2, 128, 512}) {
    const FaceModel model(dimension);
    EXPECT_EQ(model.id(), "simulated-" + std::to_string(dimension));
    for (std::uint64_t n = 0; n < 20; ++n) {
      const FaceTemplate face = Population(1).person(n).capture_face(model, 0);
      EXPECT_EQ(face.model, model.id());
      ASSERT_EQ(face.vector.size(), static_cast<std::size_t>(dimension));
      EXPECT_NEAR(std::sqrt(cosine(face, face)), 1, 1e-5);
      EXPECT_LE(face.quality.value, 100);
    }
  }
}

}  // namespace
}  // namespace whorl::scanners
