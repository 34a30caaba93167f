#include "engine/matchers/face_matcher.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/limits.h"
#include "tests/support/simulated_faces.h"

namespace whorl::matchers {
namespace {

using ::whorl::testing::SimulatedFaces;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

FaceTemplate face(std::vector<float> vector) { return {"m", {}, std::move(vector)}; }

double length(const FaceTemplate& face) {
  double sum = 0;
  for (const float value : face.vector) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

struct BadVector {
  const char* what;
  std::vector<float> vector;
  Fault fault;
};

const BadVector kBadVectors[] = {
    {"no values", {}, Fault::wrong_dimension},
    {"too many values", std::vector<float>(kMaxFaceDimension + 1, 1.0F), Fault::limit_exceeded},
    {"NaN first", {kNan, 1, 0}, Fault::not_finite},
    {"NaN last", {1, 0, kNan}, Fault::not_finite},
    {"infinity", {1, kInfinity, 0}, Fault::not_finite},
    {"minus infinity", {-kInfinity, 1, 0}, Fault::not_finite},
    {"zeros", {0, 0, 0}, Fault::zero_vector},
    {"minus zeros", {-0.0F, -0.0F, -0.0F}, Fault::zero_vector},
};

TEST(FaceMatcher, GivesEachBadVectorItsOwnFaultAndChangesNothing) {
  for (const BadVector& bad : kBadVectors) {
    FaceTemplate given = face(bad.vector);
    const auto refused = normalise(given);
    ASSERT_FALSE(refused) << bad.what;
    EXPECT_EQ(refused.error().fault, bad.fault) << bad.what;
    ASSERT_EQ(given.vector.size(), bad.vector.size());
    EXPECT_FALSE(unit_vector(given)) << bad.what;

    // Beside a good vector of the same length, on either side.
    if (bad.vector.empty()) continue;
    const FaceTemplate good = face(std::vector<float>(bad.vector.size(), 1.0F));
    EXPECT_FALSE(FaceMatcher().compare(given, good)) << bad.what;
    const auto other = FaceMatcher().compare(good, given);
    ASSERT_FALSE(other) << bad.what;
    EXPECT_EQ(other.error().fault, bad.fault) << bad.what;
  }
}

TEST(FaceMatcher, RefusesVectorsThatCannotBeCompared) {
  const FaceMatcher matcher;
  const FaceTemplate probe = face({1, 0, 0});
  FaceTemplate other = probe;
  other.model = "M";
  EXPECT_EQ(matcher.compare(probe, other).error().fault, Fault::wrong_model);
  EXPECT_EQ(matcher.compare(probe, face({1, 0})).error().fault, Fault::wrong_dimension);
  EXPECT_EQ(matcher.compare(face({}), probe).error().fault, Fault::wrong_dimension);
}

TEST(FaceMatcher, NormalisesToUnitLengthWhateverTheScale) {
  for (const float scale : {1e-44F, 1e-30F, 1e-3F, 1.0F, 7.0F, 1e30F, 1e38F}) {
    FaceTemplate given = face({3 * scale, -scale, 0, scale / 2, scale});
    ASSERT_TRUE(normalise(given));
    EXPECT_NEAR(length(given), 1, 1e-6) << scale;
  }
}

TEST(FaceMatcher, NormalisesOnceForAll) {
  const SimulatedFaces people(1);
  for (std::uint64_t person = 0; person < 200; ++person) {
    FaceTemplate once = people.face(person, 0);
    ASSERT_TRUE(normalise(once));
    FaceTemplate twice = once;
    ASSERT_TRUE(normalise(twice));
    ASSERT_EQ(once, twice);
  }
}

TEST(FaceMatcher, PadsTheUnitVectorWithZeros) {
  const auto vector = unit_vector(face({0, 2, 0}));
  ASSERT_TRUE(vector);
  EXPECT_EQ(*vector, (std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0}));
}

TEST(FaceMatcher, ComparesByTheCosine) {
  const FaceMatcher matcher;
  EXPECT_FLOAT_EQ(matcher.compare(face({2, 0}), face({5, 0}))->value(), 1);
  EXPECT_FLOAT_EQ(matcher.compare(face({1, 0}), face({0, 3}))->value(), 0);
  EXPECT_FLOAT_EQ(matcher.compare(face({1, 0}), face({-4, 0}))->value(), -1);
  EXPECT_FLOAT_EQ(matcher.compare(face({1, 0}), face({3, 4}))->value(), 0.6F);
}

TEST(FaceMatcher, GivesTheSameBitsBothWaysRoundAndOnEveryBackend) {
  const SimulatedFaces people(2);
  const FaceMatcher reference(kernels::Backend::reference);
  for (const kernels::Backend backend : kernels::kBackends) {
    if (!kernels::available(backend)) continue;
    const FaceMatcher matcher(backend);
    for (std::uint64_t person = 0; person < 50; ++person) {
      const FaceTemplate a = people.face(person, 0), b = people.face(person / 2, 1);
      EXPECT_EQ(*matcher.compare(a, b), *reference.compare(b, a));
    }
  }
}

TEST(FaceCalibration, RisesWithTheSimilarity) {
  Calibrated below = calibrate(kSimulatedFaceCalibration, Similarity{-1.0001F});
  for (int step = -1000; step <= 1000; ++step) {
    const Similarity similarity{static_cast<float>(step) / 1000};
    const Calibrated here = calibrate(kSimulatedFaceCalibration, similarity);
    EXPECT_GE(here.ratio, below.ratio) << step;
    EXPECT_LE(here.fmr, below.fmr) << step;
    below = here;
  }
}

TEST(FaceCalibration, IsBoundedByWhatItsDataCanBack) {
  const double most = -std::log(kSimulatedFaceCalibration.twin_share);
  const double least = std::log(kSimulatedFaceCalibration.stranger_share);
  for (const float extreme : {-1e30F, -1.0F, -0.5F, 0.0F, 1.0F, 1e30F}) {
    const Calibrated found = calibrate(kSimulatedFaceCalibration, Similarity{extreme});
    EXPECT_GE(found.ratio.value(), least - 1e-9) << extreme;
    EXPECT_LE(found.ratio.value(), most + 1e-9) << extreme;
    EXPECT_GE(found.fmr.value(), 0) << extreme;
    EXPECT_LE(found.fmr.value(), 1) << extreme;
  }
  const Calibrated same = calibrate(kSimulatedFaceCalibration, Similarity{1.0F});
  EXPECT_GT(same.ratio.value(), 0.95 * most);
}

// The operating point that was measured, not used for fitting the normal part.
TEST(FaceCalibration, MeetsTheMeasuredOperatingPoint) {
  double threshold = -1;
  while (calibrate(kSimulatedFaceCalibration, Similarity{static_cast<float>(threshold)}).fmr >
         FalseMatchRate{1e-3}) {
    threshold += 1e-3;
  }
  EXPECT_NEAR(threshold, 0.367, 0.002);  // 0.018 + 3.09 * 0.113
  const double z =
      (threshold - kSimulatedFaceCalibration.genuine_mean) / kSimulatedFaceCalibration.genuine_sd;
  const double missed =
      kSimulatedFaceCalibration.stranger_share + 0.5 * std::erfc(-z / std::sqrt(2.0));
  EXPECT_NEAR(missed, 0.020, 0.002);
}

TEST(FaceCalibration, IsOfTheModel) {
  EXPECT_EQ(face_calibration("simulated-64")->model, "simulated");
  EXPECT_EQ(face_calibration("mobilefacenet-128")->model, "mobilefacenet-128");
  EXPECT_LT(face_calibration("dlib-resnet-128")->impostor_mean,
            face_calibration("dlib-resnet-128")->genuine_mean);
  EXPECT_EQ(face_calibration("nobody-knows").error().fault, Fault::model_unavailable);
  EXPECT_EQ(face_calibration("sface-128").error().fault, Fault::bad_model);  // none was measured
}

TEST(FaceCalibration, SpeaksNeitherWayWhereTheDensitiesCross) {
  // Halfway between means of almost equal width the two explanations are about equally good.
  const Calibrated middle = calibrate(kSimulatedFaceCalibration, Similarity{0.343F});
  EXPECT_NEAR(middle.ratio.value(), 0, 0.2);
}

// The simulated people of the tests and benches are as hard to tell apart as the measured ones.
TEST(SimulatedPeople, ResembleTheMeasuredPopulation) {
  const SimulatedFaces people(3);
  const FaceMatcher matcher;
  constexpr int kPeople = 2000;
  double genuine = 0, genuine_squared = 0, impostor = 0, impostor_squared = 0;
  for (std::uint64_t person = 0; person < kPeople; ++person) {
    const FaceTemplate probe = people.face(person, 0);
    const double own = matcher.compare(probe, people.face(person, 1))->value();
    const double other = matcher.compare(probe, people.face(person + kPeople, 1))->value();
    genuine += own / kPeople;
    genuine_squared += own * own / kPeople;
    impostor += other / kPeople;
    impostor_squared += other * other / kPeople;
  }
  const auto& measured = kSimulatedFaceCalibration;
  EXPECT_NEAR(genuine, measured.genuine_mean, 0.03);
  EXPECT_NEAR(std::sqrt(genuine_squared - genuine * genuine), measured.genuine_sd, 0.03);
  EXPECT_NEAR(impostor, measured.impostor_mean, 0.03);
  EXPECT_NEAR(std::sqrt(impostor_squared - impostor * impostor), measured.impostor_sd, 0.02);
}

}  // namespace
}  // namespace whorl::matchers
