// What the GPU check writes can be read, by people and by programs.
#include "tests/kernels/gpu_report.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace whorl::kernels {
namespace {

GpuMachine machine() {
  GpuMachine made;
  made.device = {0, "A \"GPU\"/1", 9, 0, std::int64_t{141} << 30, std::int64_t{140} << 30};
  made.rates.processors = 132;
  made.rates.copy = 4.3e12;
  made.rates.mma_bytes = 1.2e15;
  made.rates.clock_hz = 1.75e9;
  made.rates.mma_slack = 0.05;
  made.rates.driver_said = "580.1, 1700 MHz";
  made.commit = "abc1234";
  return made;
}
std::vector<GpuFigure> figures() {
  return {{"prints", 5e8, "comparisons/s", 1e9, "every pair, products alone", true},
          {"faces", 4e12, "B/s", 4.3e12, "copy", true},
          {"whole, p99", 0.002, "s", 0, "", true},
          {"listed", 11, "rows a probe", 0, "", false}};
}

TEST(GpuReport, ReadsAsAPage) {
  const std::string page = gpu_page(machine(), figures());
  EXPECT_NE(page.find("| commit | abc1234 |"), std::string::npos) << page;
  EXPECT_NE(page.find("1750 MHz while tensor cores multiplied"), std::string::npos) << page;
  EXPECT_NE(page.find("degrees | 580.1, 1700 MHz |"), std::string::npos) << page;
  EXPECT_NE(page.find("whose sums use 0.050 of their slack"), std::string::npos) << page;
  EXPECT_NE(page.find("| driver | CUDA 13.0, runtime 13.0 |"), std::string::npos) << page;
  EXPECT_NE(page.find("| prints | 5e+08 | comparisons/s | 1e+09, every pair, products alone | 0.50 "
                      "| checked |"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("| listed | 11 | rows a probe |  |  | WRONG OR NOT CHECKED |"),
            std::string::npos)
      << page;
}

TEST(GpuReport, SaysThatARehearsalIsNone) {
  GpuMachine rehearsal = machine();
  EXPECT_EQ(gpu_page(rehearsal, {}).find("rehearsal"), std::string::npos);
  rehearsal.rehearsal = true;
  EXPECT_NE(gpu_page(rehearsal, {}).find("A rehearsal: no figure"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(gpu_json(rehearsal, {}))["context"]["rehearsal"], true);
}

TEST(GpuReport, SaysWhichProductsAreWrong) {
  GpuMachine wrong = machine();
  wrong.rates.wrong = {"mma, bits", "reads"};
  EXPECT_NE(gpu_page(wrong, {}).find("| WRONG PRODUCTS | mma, bits; reads |"), std::string::npos);
}

TEST(GpuReport, SaysWhatThereWasNoTimeFor) {
  GpuBudget enough(60), none(0);
  int written = 0;
  enough.write_down = [&] { ++written; };
  EXPECT_TRUE(enough.allows("prints"));
  EXPECT_TRUE(enough.left_out().empty());
  EXPECT_EQ(written, 1) << "what went before, before anything is begun";
  EXPECT_FALSE(none.allows("prints"));
  EXPECT_FALSE(none.allows("faces"));
  GpuMachine hurried = machine();
  EXPECT_EQ(gpu_page(hurried, {}).find("time was up"), std::string::npos);
  hurried.left_out = none.left_out();
  EXPECT_NE(gpu_page(hurried, {}).find("| left out, time was up | prints; faces |"),
            std::string::npos);
}

TEST(GpuReport, IsGoogleBenchmarksJson) {
  const auto json = nlohmann::json::parse(gpu_json(machine(), figures()));
  EXPECT_EQ(json["context"]["commit"], "abc1234");
  EXPECT_NE(json["context"]["device"].get<std::string>().find("A \"GPU\"/1"), std::string::npos);
  const auto& runs = json["benchmarks"];
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(runs[0]["name"], "prints");
  EXPECT_EQ(runs[0]["run_type"], "iteration");
  EXPECT_EQ(runs[0]["items_per_second"], 5e8);
  EXPECT_EQ(runs[0]["real_time"], 2);  // ns a comparison
  EXPECT_EQ(runs[0]["time_unit"], "ns");
  EXPECT_EQ(runs[0]["ratio"], 0.5);
  EXPECT_EQ(runs[0]["answer_checked"], true);
  EXPECT_EQ(runs[1]["bytes_per_second"], 4e12);
  EXPECT_EQ(runs[2]["real_time"], 2e6);
  EXPECT_EQ(runs[3]["answer_checked"], false);
  EXPECT_FALSE(runs[3].contains("items_per_second"));
  EXPECT_EQ(nlohmann::json::parse(gpu_json(machine(), {}))["benchmarks"].size(), 0U);
}

TEST(GpuReport, IsWrittenBesideItself) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "gpu_report";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(write_gpu_report(folder.string(), machine(), figures()));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ++files;
    EXPECT_NE(entry.path().filename().string().find("-A-\"GPU\"-1."), std::string::npos);
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    EXPECT_EQ(text.str(), entry.path().extension() == ".md" ? gpu_page(machine(), figures())
                                                            : gpu_json(machine(), figures()));
  }
  EXPECT_EQ(files, 2);
  std::filesystem::remove_all(folder);
  EXPECT_FALSE(write_gpu_report(folder.string(), machine(), figures())) << "no such folder";
}

}  // namespace
}  // namespace whorl::kernels
