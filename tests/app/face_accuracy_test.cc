#include "engine/app/bench/face_accuracy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/app/bench/accuracy_bench.h"
#include "engine/app/bench/lfw_pairs.h"
#include "engine/features/face/face_model.h"

namespace whorl::app {
namespace {

TEST(LfwPairs, AreReadFoldByFold) {
  const auto read =
      parse_lfw_pairs("2\t1\r\nAda\t1\t2\r\nAda\t1\tBo\t3\r\n\nBo\t1\t3\nAda 2 Cy 1\n");
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->folds, 2U);
  ASSERT_EQ(read->pairs.size(), 4U);
  EXPECT_TRUE(read->pairs[0].mated());
  EXPECT_FALSE(read->pairs[1].mated());
  EXPECT_EQ(read->pairs[1].reference, (LfwPicture{"Bo", 3}));
  EXPECT_EQ(read->pairs[3].probe, (LfwPicture{"Ada", 2}));
}

TEST(LfwPairs, OfOneFoldSayOnlyTheirCount) {
  const auto read = parse_lfw_pairs("1\nAda 1 2\nAda 1 Bo 1");
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->folds, 1U);
  EXPECT_EQ(read->pairs.size(), 2U);
}

struct BadPairs {
  const char *what, *text, *where;
};
const BadPairs kBadPairs[] = {
    {"nothing", "", "line 0"},
    {"only blank lines", "\n \n", "line 2"},
    {"a head of three", "1 1 1\n", "line 1"},
    {"a head that is no number", "ten 1\n", "line 1"},
    {"no fold", "0 1\n", "line 1"},
    {"no pair", "1 0\n", "line 1"},
    {"a negative count", "-1\n", "line 1"},
    {"two words", "1\nAda 1\n", "line 2"},
    {"five words", "1\nAda 1 Bo 2 3\n", "line 2"},
    {"a number that is none", "1\nAda 1 x\n", "line 2"},
    {"numbers from 0", "1\nAda 0 1\n", "line 2"},
    {"a number beyond all", "1\nAda 1 99999999999\n", "line 2"},
    {"a name that leads elsewhere", "1\n../Ada 1 2\n", "line 2"},
    {"a hidden name", "1\n.. 1 2\n", "line 2"},
    {"one person twice", "1\nAda 1 2\nAda 1 Ada 2\n", "line 3"},
    {"one picture twice", "1\nAda 1 1\n", "line 2"},
    {"too few", "1\nAda 1 2\n", "line 2"},
    {"too many", "1\nAda 1 2\nAda 1 Bo 1\nAda 1 3\n", "line 4"},
    {"a fold of one kind", "1\nAda 1 2\nAda 1 3\n", "line 3"},
};
TEST(LfwPairs, AreRefusedWithTheirLine) {
  for (const BadPairs& bad : kBadPairs) {
    const auto read = parse_lfw_pairs(bad.text);
    ASSERT_FALSE(read) << bad.what;
    EXPECT_EQ(read.error().fault, Fault::bad_manifest) << bad.what;
    EXPECT_TRUE(read.error().where.starts_with(std::string(bad.where) + ","))
        << bad.what << ": " << read.error().where;
    EXPECT_EQ(read.error().where.find("Ada"), std::string::npos) << bad.what;
  }
}

TEST(LfwPairs, AreBoundedBeforeMemoryIsAskedFor) {
  for (const char* head : {"1000001", "1000000 1000000", "18446744073709551615 1"}) {
    const auto read = parse_lfw_pairs(head);
    ASSERT_FALSE(read) << head;
    EXPECT_EQ(read.error().fault, Fault::limit_exceeded) << head;
  }
}

TEST(FoldAccuracies, TakeTheThresholdFromTheOtherFolds) {
  // By its own pairs each fold would be without error. Fold 1 is judged at 0.75, in the middle of
  // fold 2, and loses its mate; fold 2 at 0.3, and accepts its stranger.
  const std::vector<ScoredPair> pairs{
      {true, 0.5, 0}, {false, 0.1, 0}, {true, 0.9, 0}, {false, 0.6, 0}};
  EXPECT_EQ(fold_accuracies(pairs, 2), (std::vector<double>{0.5, 0.5}));
}

TEST(FoldAccuracies, CountAPairWithoutAFaceAsWrong) {
  const std::vector<ScoredPair> pairs{
      {true, 0.5, 0}, {false, kNoFace, 0}, {true, 0.5, 0}, {false, 0.1, 0}};
  EXPECT_EQ(fold_accuracies(pairs, 2), (std::vector<double>{0.5, 1.0}));
}

TEST(FoldAccuracies, KnowThatNobodyMayBeAccepted) {
  // In both folds strangers are above the mate: all are best refused.
  const std::vector<ScoredPair> pairs{{true, 0.1, 0}, {false, 0.5, 0}, {false, 0.6, 0},
                                      {true, 0.1, 0}, {false, 0.5, 0}, {false, 0.6, 0}};
  for (const double share : fold_accuracies(pairs, 2)) EXPECT_DOUBLE_EQ(share, 2.0 / 3);
}

TEST(ThresholdAt, AcceptsNoMoreThanItsRate) {
  std::vector<double> impostor;
  for (int i = 0; i < 1000; ++i) impostor.push_back(i / 1000.0);
  for (const double fmr : {1.0 / 1000, 1.0 / 100, 0.5}) {
    const LabelledScores scores{"", {1}, impostor};
    EXPECT_NEAR(operating_point(scores, threshold_at(impostor, fmr)).fmr, fmr, 1e-9);
  }
  EXPECT_GT(threshold_at(impostor, 0.0009), 0.999);  // not one
  EXPECT_EQ(threshold_at({0.4, 0.4, 0.4}, 1), kNoFace);
  EXPECT_GT(threshold_at({0.4, 0.4, 0.4}, 0.5), 0.4);  // equal ones cannot be told apart
}

TEST(ErrorVersusReject, RefusesThePoorestMatesFirst) {
  std::vector<ScoredPair> pairs{{false, 0.9, 0}};  // a stranger is none of its business
  for (int i = 0; i < 20; ++i) pairs.push_back({true, i < 2 ? 0.1 : 0.8, i < 2 ? 5 : 50});
  const auto curve = error_versus_reject(pairs, 0.5);
  ASSERT_EQ(curve.size(), 5U);
  EXPECT_DOUBLE_EQ(curve[0].fnmr, 2.0 / 20);
  EXPECT_DOUBLE_EQ(curve[1].fnmr, 1.0 / 19);
  EXPECT_DOUBLE_EQ(curve[2].fnmr, 0);
  EXPECT_DOUBLE_EQ(curve[4].rejected, 0.3);
}

TEST(SimilarityCounts, SayWhatIsExceededByAShare) {
  SimilarityCounts counts;
  EXPECT_EQ(counts.exceeded_by(0.1), -1);
  for (int i = 0; i < 1000; ++i) counts.add(i / 1000.0 + 5e-5);
  for (const double beyond : {-1.5, 1.5}) counts.add(beyond);
  EXPECT_EQ(counts.total(), 1002);
  EXPECT_NEAR(counts.exceeded_by(101.0 / 1002), 0.8991, 1e-9);  // by 0.9 .. 0.999 and the 1.5
  EXPECT_DOUBLE_EQ(counts.exceeded_by(0), 1);
}

// Quantiles of a normal distribution, evenly spread: `count` of them.
std::vector<double> normal(double mean, double sd, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double share = (i + 0.5) / count;
    double low = -9, high = 9;  // of the standard normal, by bisection
    for (int step = 0; step < 60; ++step) {
      const double z = (low + high) / 2;
      (0.5 * std::erfc(-z / std::sqrt(2.0)) < share ? low : high) = z;
    }
    values.push_back(mean + sd * low);
  }
  return values;
}

TEST(FitCalibration, FindsTheDistributionsThatMadeTheScores) {
  std::vector<ScoredPair> pairs{{true, kNoFace, 0}, {false, kNoFace, 0}};  // say nothing
  for (const double s : normal(0.7, 0.1, 2000)) pairs.push_back({true, s, 50});
  for (const double s : normal(0.05, 0.12, 2000)) pairs.push_back({false, s, 50});
  const FaceCalibration by_moments = fit_calibration(pairs, {});
  EXPECT_NEAR(by_moments.genuine_mean, 0.7, 1e-3);
  EXPECT_NEAR(by_moments.genuine_sd, 0.1, 1e-3);
  EXPECT_NEAR(by_moments.impostor_mean, 0.05, 1e-3);
  EXPECT_NEAR(by_moments.impostor_sd, 0.12, 1e-3);
  EXPECT_DOUBLE_EQ(by_moments.stranger_share, 3.0 / 2000);  // all is explained
  SimilarityCounts strangers;
  for (const double s : normal(0.02, 0.11, 1'000'000)) strangers.add(s);
  const FaceCalibration by_tail = fit_calibration(pairs, strangers);
  EXPECT_NEAR(by_tail.impostor_mean, 0.02, 2e-3);
  EXPECT_NEAR(by_tail.impostor_sd, 0.11, 1e-3);
}

TEST(FitCalibration, LeavesToStrangersWhatIsNotNormal) {
  std::vector<ScoredPair> pairs;
  for (const double s : normal(0.7, 0.05, 1900)) pairs.push_back({true, s, 50});
  for (int i = 0; i < 100; ++i) pairs.push_back({true, 0.0, 50});  // wrong boxes
  for (const double s : normal(0.0, 0.1, 2000)) pairs.push_back({false, s, 50});
  const double share = fit_calibration(pairs, {}).stranger_share;
  EXPECT_GT(share, 0.02);
  EXPECT_LT(share, 0.05);
}

TEST(CalibrationBlock, IsOneThatAModelsDescriptionTakes) {
  FaceCalibration c{3, "", 0.671234, 0.115, -0.0184, 0.113, 0.0021, 1e-6};
  const std::string block = calibration_block(c);
  const auto model = features::parse_face_model(
      "id = \"m\"\nlicence = \"none\"\n[detector]\nfamily = \"yunet\"\nfile = \"d.onnx\"\nsha256 = "
      "\"" +
      std::string(64, 'a') + "\"\nthreshold = 0.6\nsure = 0.9\n[embedder]\nfamily = \"network\"\n" +
      "file = \"e.onnx\"\nsha256 = \"" + std::string(64, 'b') +
      "\"\nwidth_px = 112\nheight_px = 112\nmean = [0, 0, 0]\nscale = 1\nchannels = \"rgb\"\n"
      "dimension = 128\nalignment = [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]\n" +
      block);
  ASSERT_TRUE(model) << describe(model.error());
  ASSERT_TRUE(model->calibration);
  EXPECT_EQ(model->calibration->version, 3U);
  EXPECT_NEAR(model->calibration->genuine_mean, 0.6712, 1e-9);
  EXPECT_NEAR(model->calibration->impostor_mean, -0.0184, 1e-9);
  EXPECT_EQ(model->calibration->twin_share, 1e-6);
}

TEST(FaceModels, ThatCameAreDescribedButForTheOneThatWantsADigest) {
  for (const char* id : {"dlib-resnet-128", "mobilefacenet-128", "sface-128", "arcface-r50-512"}) {
    const auto model = features::find_face_model(id);
    ASSERT_TRUE(model) << id << ": " << describe(model.error());
    EXPECT_EQ(model->id, id);
  }
  const auto template_only = features::find_face_model(
      WHORL_SOURCE_DIR "/engine/features/face/models/templates/adaface-ir50-512.toml");
  ASSERT_FALSE(template_only);
  EXPECT_EQ(template_only.error().fault, Fault::bad_model);
  EXPECT_NE(template_only.error().where.find("sha256"), std::string::npos);
}

}  // namespace
}  // namespace whorl::app
