// `whorl bench load`, a small one from end to end.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/result.h"
#include "tests/app/command_line.h"

namespace whorl::app {
namespace {

using LoadBenchTest = CommandTest;

TEST_F(LoadBenchTest, CountsEveryRequestAndLosesNoEnrolment) {
  const Ran ran =
      run_json({"bench", "load", "--people", "40", "--seconds", "0.5", "--ramp", "50,150",
                "--enrol", "0.3", "--clients", "2", "--in-flight", "20", "--report", "load.html"});
  ASSERT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  const auto told = ran.json();
  EXPECT_EQ(told["right"], told["checked"]);
  EXPECT_GT(told["engine_before"]["identify_cpu_ms"], 0);
  EXPECT_GT(told["acknowledged"], 0);
  EXPECT_EQ(told["lost"], 0);
  ASSERT_EQ(told["steps"].size(), 2U);
  for (const auto& step : told["steps"]) {
    EXPECT_EQ(step["asked"].get<int>(),
              step["accepted"].get<int>() + step["refused"].get<int>() + step["failed"].get<int>());
    EXPECT_EQ(step["failed"], 0);
    EXPECT_EQ(step["wrong"], 0);
    EXPECT_GT(step["most_resident_bytes"], 0);
  }
  const std::string page = read("load.html");
  EXPECT_NE(page.find("Latency over the rate"), std::string::npos);
  EXPECT_NE(page.find("What the service adds to the engine"), std::string::npos);
}

TEST_F(LoadBenchTest, RefusesWhatCannotBe) {
  const struct {
    const char *option, *value, *where;
  } table[] = {
      {"--people", "1", "--people"},       {"--fingers", "0", "--fingers"},
      {"--fingers", "11", "--fingers"},    {"--clients", "0", "--clients"},
      {"--in-flight", "0", "--in-flight"}, {"--in-flight", "801", "--in-flight"},
      {"--batch", "0", "--batch"},         {"--seconds", "0", "--seconds"},
      {"--seconds", "nan", "--seconds"},   {"--ramp", "50,0", "--ramp"},
      {"--ramp", "10001", "--ramp"},       {"--enrol", "-1", "--enrol"},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.option) + ' ' + row.value);
    const Ran ran = run_json({"bench", "load", row.option, row.value});
    EXPECT_EQ(ran.fault(), static_cast<int>(Fault::bad_argument)) << ran.out;
    EXPECT_NE(ran.out.find(row.where), std::string::npos) << ran.out;
  }
  EXPECT_EQ(run_json({"bench", "load", "--server", "127.0.0.1:1"}).fault(),
            static_cast<int>(Fault::bad_argument));  // without certificates
}

}  // namespace
}  // namespace whorl::app
