#include "engine/app/error_rates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "engine/app/accuracy.h"
#include "engine/app/report/accuracy_report.h"
#include "engine/app/report/det_picture.h"
#include "tests/app/count_of.h"

namespace whorl::app {
namespace {

struct Case {
  const char* what;
  std::vector<double> genuine, impostor;
  double eer, fmr100, fmr1000, zero_fmr;
};

std::vector<double> from_to(int first, int last) {
  std::vector<double> scores;
  for (int s = first; s <= last; ++s) scores.push_back(s);
  return scores;
}

// Checked against the definitions by a second programme.
const Case kCases[] = {
    {"apart", {5, 6, 7}, {1, 2, 3}, 0, 0, 0, 0},
    {"one of each on the wrong side", {2, 6, 7, 8}, {1, 0, 3, 0}, 0.25, 0.25, 0.25, 0.25},
    {"the other way round", {1, 2}, {5, 6}, 1, 1, 1, 1},
    {"all alike", {4, 4}, {4, 4, 4}, 0.5, 1, 1, 1},
    {"an impostor that equals the lowest mate is accepted with it",
     {3, 4},
     {3, 1},
     0.25,
     0.5,
     0.5,
     0.5},
    {"failures to enrol never match", {-1, 9}, {0, 1, 2}, 5.0 / 12, 0.5, 0.5, 0.5},
    // Impostors 1 .. 1000: at most ten above a threshold are 1 in 100, at most one 1 in 1,000.
    {"limits that are met exactly",
     {990, 990.5, 991, 999.5, 1001},
     from_to(1, 1000),
     0.0055,
     0.2,
     0.6,
     0.8},
};

TEST(ErrorRates, AreThoseOfTheFvcCompetitions) {
  for (const Case& c : kCases) {
    const ErrorRates rates = error_rates(det_curve({"", c.genuine, c.impostor}));
    EXPECT_DOUBLE_EQ(rates.eer, c.eer) << c.what;
    EXPECT_DOUBLE_EQ(rates.fmr100, c.fmr100) << c.what;
    EXPECT_DOUBLE_EQ(rates.fmr1000, c.fmr1000) << c.what;
    EXPECT_DOUBLE_EQ(rates.zero_fmr, c.zero_fmr) << c.what;
  }
}

TEST(ErrorRates, FollowTheThresholdFromEverybodyToNobody) {
  const LabelledScores scores{"", {2, 6, 7, 8}, {0, 0, 1, 3}};
  const auto curve = det_curve(scores);
  ASSERT_EQ(curve.size(), 7U + 1);  // seven different scores, and beyond them
  EXPECT_EQ(curve.front().fmr, 1);
  EXPECT_EQ(curve.front().fnmr, 0);
  EXPECT_EQ(curve.back().fmr, 0);
  EXPECT_EQ(curve.back().fnmr, 1);
  for (std::size_t i = 1; i < curve.size(); ++i) {
    EXPECT_LE(curve[i].fmr, curve[i - 1].fmr);
    EXPECT_GE(curve[i].fnmr, curve[i - 1].fnmr);
  }
  EXPECT_EQ(operating_point(scores, 3).fmr, 0.25);
  EXPECT_EQ(operating_point(scores, 3).fnmr, 0.25);
}

TEST(Accuracy, PoolsAllScoresUnderOneThreshold) {
  // Each database is without error, at thresholds that exclude each other.
  const Accuracy accuracy = measure({{"a", {30, 40}, {1, 20}}, {"b", {10, 11}, {2, 3}}});
  ASSERT_EQ(accuracy.databases.size(), 2U);
  EXPECT_EQ(accuracy.databases[0].rates.eer, 0);
  EXPECT_EQ(accuracy.databases[1].rates.eer, 0);
  ASSERT_TRUE(accuracy.pooled);
  EXPECT_EQ(accuracy.pooled->rates.eer, 0.25);
  EXPECT_EQ(accuracy.pooled->rates.zero_fmr, 0.5);
  EXPECT_EQ(rates_table(accuracy).rows.size(), 3U);
}

TEST(Accuracy, LeavesOutWhatCannotBeMeasured) {
  EXPECT_EQ(measure({{"no strangers", {1, 2}, {}}}).overall(), nullptr);
  EXPECT_EQ(measure({}).overall(), nullptr);
  const Accuracy one = measure({{"whole", {3}, {1}}, {"no mates", {}, {2}}});
  EXPECT_EQ(one.databases.size(), 1U);
  EXPECT_EQ(one.overall()->scores.impostor.size(), 2U);  // pooled they still count
  EXPECT_FALSE(measure({{"alone", {3}, {1}}}).pooled);
}

TEST(DetPicture, DrawsOneLineForEachDatabaseAndOnePooled) {
  const Accuracy accuracy = measure({{"a<b", {2, 6, 7, 8}, {1, 0, 3, 0}}, {"b", {10, 11}, {2, 3}}});
  const std::string svg = accuracy_picture(accuracy).document();
  EXPECT_EQ(count_of(svg, "<path"), 3);
  EXPECT_EQ(count_of(svg, "<circle"), 3);
  for (const char* look : {"curve-1", "curve-2", "curve-all"}) {  // line, ring, legend
    EXPECT_EQ(count_of(svg, "class=\"" + std::string(look) + "\""), 3) << look;
  }
  EXPECT_NE(svg.find("a&lt;b"), std::string::npos);
  EXPECT_EQ(count_of(svg, "nan") + count_of(svg, "inf"), 0);
}

TEST(DetPicture, StandsEveryExtreme) {
  for (const Case& c : kCases) {
    const std::string svg =
        det_picture("", {{c.what, det_curve({"", c.genuine, c.impostor})}}).inline_picture();
    EXPECT_EQ(count_of(svg, "<path"), 1) << c.what;
    EXPECT_EQ(count_of(svg, "nan") + count_of(svg, "inf\"") + count_of(svg, "inf "), 0) << c.what;
  }
}

TEST(DetPicture, GivesManyDatabasesLinesThatDiffer) {
  std::vector<DetLine> lines;
  for (int i = 0; i < 12; ++i) lines.push_back({"d", det_curve({"", {2, 3}, {1, 2}})});
  const std::string svg = det_picture("", lines).inline_picture();
  EXPECT_EQ(count_of(svg, "class=\"curve-1\""), 3);
  EXPECT_EQ(count_of(svg, "class=\"curve-1 dashed\""), 3);
}

TEST(AccuracyReport, HasTheFiguresTheCurvesAndEveryHistogram) {
  const Accuracy accuracy = measure({{"a", {30, 40}, {1, 20}}, {"b", {10, 11}, {2, 3}}});
  const std::string html = accuracy_report(accuracy, "12 pairs");
  EXPECT_EQ(count_of(html, "<svg"), 1 + 3);
  EXPECT_EQ(count_of(html, "<table>"), 2);
  EXPECT_NE(html.find("<td>pooled</td><td>4</td><td>4</td><td>25.00</td>"), std::string::npos);
}

}  // namespace
}  // namespace whorl::app
