#include "engine/app/progress.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace whorl::app {
namespace {

class ProgressTest : public testing::Test {
 protected:
  Progress begin(ProgressStyle style, std::int64_t total = 1000) {
    return {out_, style, clock_, "enrol", "templates", total};
  }
  void pass(std::int64_t ms) { clock_.set(UnixMillis{clock_.now().value() + ms}); }
  std::ptrdiff_t drawn(char mark) { return std::ranges::count(out_.str(), mark); }

  ManualClock clock_{UnixMillis{1'000'000}};
  std::ostringstream out_;
};

TEST_F(ProgressTest, BarShowsShareRateAndTimeLeft) {
  EXPECT_EQ(progress_bar({"enrol", "templates", 420, 1000, 5000}),
            "enrol   42% [########............] 420 of 1,000 templates, 84/s, 7 s left");
}

TEST_F(ProgressTest, SaysNoRateBeforeItCanKnowOne) {
  EXPECT_EQ(progress_line({"enrol", "templates", 3, 1000, 100}),
            "enrol: 3 of 1,000 templates (0%)");
}

TEST_F(ProgressTest, SaysHowLongItTookOnceDone) {
  EXPECT_EQ(progress_line({"enrol", "templates", 1000, 1000, 2000}),
            "enrol: 1,000 of 1,000 templates (100%), 500/s, 2 s");
}

TEST_F(ProgressTest, CountsWithoutATotal) {
  EXPECT_EQ(progress_line({"read", "rows", 10, 0, 2000}), "read: 10 rows, 5.0/s, 2 s");
  EXPECT_EQ(progress_bar({"read", "rows", 10, 0, 2000}), "read  10 rows, 5.0/s, 2 s");
}

TEST_F(ProgressTest, NeverFillsTheBarBeyondItsEnd) {
  EXPECT_NE(progress_bar({"enrol", "templates", 1200, 1000, 1000}).find("100% [################"),
            std::string::npos);
}

TEST_F(ProgressTest, BarIsRedrawnInPlaceAndNotMoreOftenThanSeen) {
  Progress progress = begin(ProgressStyle::bar);
  for (int i = 1; i <= 100; ++i) pass(10), progress.at(i);
  EXPECT_EQ(drawn('\r'), 1000 / kBarEveryMs);
  EXPECT_EQ(drawn('\n'), 0);
  progress.finish();
  EXPECT_EQ(drawn('\n'), 1);
}

TEST_F(ProgressTest, LinesComeEverySoManySecondsAndOnceAtTheEnd) {
  Progress progress = begin(ProgressStyle::lines);
  for (int i = 1; i <= 12; ++i) pass(1000), progress.at(i);
  EXPECT_EQ(drawn('\n'), 2);
  progress.finish();
  progress.finish();
  EXPECT_EQ(drawn('\n'), 3);
  EXPECT_EQ(drawn('\r'), 0);
}

TEST_F(ProgressTest, SilentWritesNothing) {
  Progress progress = begin(ProgressStyle::silent);
  pass(60'000), progress.at(5), progress.finish();
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressTest, ATurnedBackClockDoesNoHarm) {
  Progress progress = begin(ProgressStyle::lines);
  pass(-5000), progress.at(10), progress.finish();
  EXPECT_EQ(out_.str(), "enrol: 10 of 1,000 templates (1%)\n");
}

}  // namespace
}  // namespace whorl::app
