// `whorl score` on real captures: every pair once, and people told apart.
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/app/error_rates.h"
#include "tests/app/command_line.h"
#include "tests/support/test_data.h"

namespace whorl::app {
namespace {

TEST_F(CommandTest, ScoresFvc2002) {
  WHORL_DATA_OR_SKIP(data, "fingerprints/fvc2002");
  const Ran ran = run_json({"score", data.string(), "--out", "s.csv", "--ppi-of", "DB2_B=569"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_EQ(ran.json()["pairs"], 4 * 80 * 79 / 2);
  EXPECT_EQ(ran.json()["unreadable"], 0);
  std::istringstream csv(read("s.csv"));
  LabelledScores scores;
  std::string line;
  for (std::getline(csv, line); std::getline(csv, line);) {
    std::istringstream row(line);
    std::string db, probe, gallery, score;
    std::getline(row, db, ','), std::getline(row, probe, ',');
    std::getline(row, gallery, ','), std::getline(row, score, ',');
    const bool one_finger = probe.substr(0, 3) == gallery.substr(0, 3);
    (one_finger ? scores.genuine : scores.impostor).push_back(std::stod(score));
  }
  EXPECT_EQ(scores.genuine.size(), 4U * 280);
  EXPECT_EQ(scores.impostor.size(), 4U * 2880);
  const ErrorRates rates = error_rates(det_curve(scores));
  EXPECT_LE(rates.eer, 0.025);
  const auto pooled = ran.json()["accuracy"].back();
  EXPECT_EQ(pooled["name"], "pooled");
  EXPECT_NEAR(pooled["eer"], rates.eer, 1e-4);  // the CSV rounds the scores
  EXPECT_NEAR(pooled["zero_fmr"], rates.zero_fmr, 1e-3);
}

// Impressions 1-4 of all 40 fingers are enrolled, each a visit; 5-8 are searched, each by itself.
TEST_F(CommandTest, ListsTheRightPersonOfFvc2002First) {
  WHORL_DATA_OR_SKIP(data, "fingerprints/fvc2002");
  std::string known = "subject,modality,position,path,ppi,encounter\n", probes = known;
  for (int db = 1; db <= 4; ++db) {
    for (int finger = 101; finger <= 110; ++finger) {
      for (int impression = 1; impression <= 8; ++impression) {
        const std::string number = std::to_string(impression);
        const auto file = data / ("DB" + std::to_string(db) + "_B") /
                          (std::to_string(finger) + "_" + number + ".iso");
        (impression <= 4 ? known : probes) += std::to_string(1000 * db + finger) + ",finger,," +
                                              file.string() + (db == 2 ? ",569," : ",,") + number +
                                              "\n";
      }
    }
  }
  write("known.csv", known), write("probes.csv", probes);
  ASSERT_EQ(run({"enroll", "--store", "s", "--gallery", "g", "--create", "--manifest", "known.csv"})
                .exit_code,
            0);
  const Ran ran = run_json(
      {"identify", "--store", "s", "--gallery", "g", "--manifest", "probes.csv", "--evaluate"});
  const auto facts = ran.json()["evaluation"];
  EXPECT_EQ(facts["mated"], 160);
  EXPECT_GE(facts["rank1"], 0.97);
  EXPECT_EQ(facts["false_hits"], 0);
}

TEST_F(CommandTest, FindsNineteenOfTwentyPicturesOfFvc2002AsDuplicates) {
  WHORL_DATA_OR_SKIP(data, "fingerprints/fvc2002");
  const Ran ran = run_json({"demo", "--out", "demo", "--people", "200", "--data",
                            data.parent_path().parent_path().string()},
                           false);
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const auto counts = ran.json()["real"];
  EXPECT_TRUE(ran.json()["real_captures"]);
  // 160 captures are streamed; the poorest are sent back, as at a station.
  EXPECT_GE(counts["known"], 140);
  EXPECT_GE(ran.json()["sent_back"], 1);
  EXPECT_GE(counts["found"].get<double>(), 0.95 * counts["known"].get<double>());
  EXPECT_EQ(counts["false_hits"], 0);
}

}  // namespace
}  // namespace whorl::app
