// What quality promises of real prints: that the poor ones are those that fail to match.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/formats/images/read_image.h"
#include "engine/matchers/finger_matcher.h"
#include "tests/features/measured_quality.h"
#include "tests/support/test_data.h"

namespace whorl::features {
namespace {

using test::MeasuredPrint;
using whorl::test::file_bytes;
namespace fs = std::filesystem;

MeasuredPrint measured_file(const fs::path& path, PixelsPerInch ppi) {
  const auto image = formats::read_image(file_bytes(path));
  if (!image) {
    ADD_FAILURE() << describe(image.error());
    return {};
  }
  return test::measured(*image, ppi);
}

// Four prints of NIST, whose valleys fill more and more from the first to the last, and five of
// SFinGe that NFIQ 2 accepts.
TEST(PrintQualityData, RanksSinglePrintsAsTheyLook) {
  WHORL_DATA_OR_SKIP(folder, "fingerprints/single");
  int before = 101;
  for (const char* name : {"arch.png", "loop-right.png", "tented_arch.png", "whorl.png"}) {
    const int score = measured_file(folder / name, PixelsPerInch{500}).quality.score.value;
    EXPECT_LT(score, before) << name;
    before = score;
  }
  for (int i = 1; i <= 5; ++i) {
    const std::string name = "SFinGe_Test0" + std::to_string(i) + ".pgm";
    const PrintQuality q = measured_file(folder / name, PixelsPerInch{500}).quality;
    EXPECT_GE(q.score.value, 95) << name;
    EXPECT_TRUE(q.flaws.empty()) << name << ": " << text_of(q.flaws.front());
  }
}

struct Sample {
  std::string finger;  // with its database
  MeasuredPrint print;
};

std::vector<Sample> fvc2002(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".png") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Sample> samples;
  for (const fs::path& file : files) {
    const std::string database = file.parent_path().filename(), name = file.stem();
    const PixelsPerInch ppi{database == "DB2_B" ? 569.0 : 500.0};
    samples.push_back({database + '/' + name.substr(0, name.find('_')), measured_file(file, ppi)});
  }
  return samples;
}

// The share of mated pairs that miss `threshold`, when no print of a score under `least` is used.
double missed(const std::vector<Sample>& samples, float threshold, int least) {
  matchers::FingerMatcher matcher;
  int pairs = 0, misses = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i].print.quality.score.value < least) continue;
    for (std::size_t j = i + 1; j < samples.size() && samples[j].finger == samples[i].finger; ++j) {
      if (samples[j].print.quality.score.value < least) continue;
      const auto similarity = matcher.compare(samples[i].print.print, samples[j].print.print);
      ++pairs, misses += similarity.value() < threshold ? 1 : 0;
    }
  }
  return static_cast<double>(misses) / std::max(1, pairs);
}

TEST(PrintQualityData, RejectingTheWorstFifthTakesAQuarterOfTheMisses) {
  WHORL_DATA_OR_SKIP(folder, "fingerprints/fvc2002");
  const std::vector<Sample> samples = fvc2002(folder);
  ASSERT_EQ(samples.size(), 320U);
  std::vector<int> scores;
  for (const Sample& s : samples) {
    scores.push_back(s.print.quality.score.value);
    EXPECT_FALSE(s.print.quality.flaws == std::vector{QualityFlaw::not_a_fingerprint});
  }
  std::sort(scores.begin(), scores.end());
  const int fifth = scores[scores.size() / 5];
  for (const float threshold : {30.1F, 60.0F}) {  // 1 in 10,000, and one that misses more
    const double all = missed(samples, threshold, 0), better = missed(samples, threshold, fifth);
    EXPECT_LE(better, 0.75 * all) << threshold;
    RecordProperty("missed_at_" + std::to_string(static_cast<int>(threshold)),
                   std::to_string(all) + " " + std::to_string(better));
  }
}

}  // namespace
}  // namespace whorl::features
