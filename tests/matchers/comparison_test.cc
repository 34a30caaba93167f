#include "engine/matchers/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/matchers/face_matcher.h"
#include "engine/matchers/finger_calibration.h"
#include "engine/matchers/finger_matcher.h"
#include "tests/support/random_print.h"
#include "tests/support/simulated_faces.h"

namespace whorl::matchers {
namespace {

using ::whorl::testing::random_print;
using ::whorl::testing::recapture;
using ::whorl::testing::SimulatedFaces;

const SimulatedFaces kFaces(1);

TEST(BestComparison, IsThePairThatSpeaksLoudest) {
  const FingerTemplate print = random_print(1, 40), again = recapture(print, 10, 2, 0.9, 1);
  const auto best = best_comparison({random_print(2, 40), kFaces.face(1, 1), print},
                                    {random_print(3, 40), again, kFaces.face(2, 1)});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->probe, 2U);
  EXPECT_EQ(best->reference, 1U);
  EXPECT_EQ(best->similarity, FingerMatcher().compare(print, again));
  EXPECT_EQ(best->value, calibrate(kDefaultFingerCalibration, best->similarity));
}

TEST(BestComparison, ComparesFacesByTheirModelsCalibration) {
  const auto mates = best_comparison({kFaces.face(1, 1)}, {kFaces.face(1, 2)});
  ASSERT_TRUE(mates);
  EXPECT_EQ(mates->value, calibrate(kSimulatedFaceCalibration, mates->similarity));
}

struct Refused {
  const char* what;
  std::vector<Template> probe, reference;
  Fault fault;
};

FaceTemplate face_of(const char* model, std::vector<float> vector) {
  return {model, {}, std::move(vector)};
}

TEST(BestComparison, RefusesWhatCannotBeCompared) {
  const FingerTemplate print = random_print(1, 40);
  const FaceTemplate face = kFaces.face(1, 1);
  const Refused cases[] = {
      {"nothing", {}, {}, Fault::bad_argument},
      {"nothing to compare with", {print}, {}, Fault::bad_argument},
      {"a finger with a face", {print}, {face}, Fault::bad_argument},
      {"a face with a finger", {face}, {print}, Fault::bad_argument},
      {"another model", {face}, {face_of("another", face.vector)}, Fault::wrong_model},
      {"another dimension", {face}, {face_of("simulated-128", {1})}, Fault::wrong_dimension},
      {"a model nobody knows",
       {face_of("nobody", {1})},
       {face_of("nobody", {1})},
       Fault::model_unavailable},
  };
  for (const Refused& c : cases) {
    const auto refused = best_comparison(c.probe, c.reference);
    ASSERT_FALSE(refused) << c.what;
    EXPECT_EQ(refused.error().fault, c.fault) << c.what;
  }
}

TEST(SimilarityAt, IsTheLeastThatHasTheRate) {
  for (const double rate : {1e-1, 1e-3, 1e-6}) {
    const float least = similarity_at(FalseMatchRate{rate}).value();
    const auto rate_of = [](float s) {
      return calibrate(kDefaultFingerCalibration, Similarity{s}).fmr.value();
    };
    EXPECT_LE(rate_of(least), rate);
    EXPECT_GT(rate_of(least - 0.01F), rate);
  }
}

}  // namespace
}  // namespace whorl::matchers
