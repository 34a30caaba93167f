// Pictures and pages: that everything which should be drawn is, once, and that nothing a name holds
// becomes markup.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/app/report/histogram_picture.h"
#include "engine/app/report/minutiae_picture.h"
#include "engine/app/report/page.h"
#include "engine/app/report/svg.h"

namespace whorl::app {
namespace {

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

FingerTemplate print_with(int endings, int bifurcations) {
  FingerTemplate print;
  for (int i = 0; i < endings + bifurcations; ++i) {
    const auto place = static_cast<std::int16_t>(20 + 15 * i);
    print.minutiae.push_back({place, static_cast<std::int16_t>(300 - place),
                              Direction{static_cast<std::uint8_t>(30 * i)},
                              i < endings ? MinutiaKind::ending : MinutiaKind::bifurcation, 50});
  }
  return print;
}

matchers::FingerComparison first_pairs(std::uint16_t count) {
  matchers::FingerComparison comparison;
  comparison.similarity = Similarity{42};
  for (std::uint16_t i = 0; i < count; ++i) {
    comparison.pairs.push_back({{i, i}, static_cast<float>(i)});
  }
  return comparison;
}

TEST(MinutiaePicture, DrawsEveryMinutiaTwiceAndEveryPairTwice) {
  const std::string svg = minutiae_picture(print_with(4, 3), print_with(5, 1), first_pairs(3),
                                           {"probe", "reference", {}})
                              .document();
  EXPECT_EQ(count_of(svg, "<circle"), 2 * (4 + 5));
  EXPECT_EQ(count_of(svg, "<rect"), 2 * (3 + 1) + 3);  // and three frames
  EXPECT_EQ(count_of(svg, "class=\"mate\""), 2 * 3);
  // Three of 7 and three of 6 have a partner: their shape and tail, in two panels each.
  EXPECT_EQ(count_of(svg, "class=\"first\""), 2 * 2 * 3);
  EXPECT_EQ(count_of(svg, "class=\"second\""), 2 * 2 * 3);
  EXPECT_EQ(count_of(svg, "class=\"lone\""), 2 * 2 * (4 + 3));
}

TEST(MinutiaePicture, LaysAMovedPrintOverItsOriginal) {
  FingerTemplate moved = print_with(5, 0);
  for (Minutia& m : moved.minutiae) {  // a quarter turn clockwise as seen: (x, y) to (-y, x)
    m = {static_cast<std::int16_t>(400 - m.y_px), m.x_px,
         Direction{static_cast<std::uint8_t>(m.direction.steps() - 64)}, m.kind, m.quality};
  }
  const std::string svg =
      minutiae_picture(moved, print_with(5, 0), first_pairs(5), {"probe", "reference", {}})
          .document();
  // In the last panel both prints' marks coincide, to the last digit written.
  const auto marks_of = [&svg](std::string_view shape_class) {
    std::string marks;
    std::size_t end = 0;
    for (std::size_t at = svg.find("<circle"); at != std::string::npos;
         at = svg.find("<circle", end)) {
      end = svg.find("/>", at);
      const std::string mark = svg.substr(at, end - at);
      const double x = std::stod(mark.substr(mark.find("cx=\"") + 4));
      if (x > 650 && mark.find(shape_class) != std::string::npos) {
        marks += mark.substr(0, mark.find(" class")) + "\n";
      }
    }
    return marks;
  };
  EXPECT_EQ(count_of(marks_of("first"), "\n"), 5);
  EXPECT_EQ(marks_of("first"), marks_of("second"));
}

TEST(MinutiaePicture, DrawsAPairThatSaysMoreStronger) {
  const std::string svg = minutiae_picture(print_with(3, 0), print_with(3, 0), first_pairs(3),
                                           {"probe", "reference", {}})
                              .document();
  EXPECT_EQ(count_of(svg, "opacity=\"0.2\" style=\"stroke-width:0.5\""), 2);    // share 0
  EXPECT_EQ(count_of(svg, "opacity=\"0.43\" style=\"stroke-width:1.07\""), 2);  // share 2
}

TEST(MinutiaePicture, DrawsStrangersWithoutAnyPair) {
  const std::string svg =
      minutiae_picture(print_with(3, 0), {}, {}, {"probe", "reference", {}}).document();
  EXPECT_EQ(count_of(svg, "class=\"mate\""), 0);
  EXPECT_EQ(count_of(svg, "<circle"), 2 * 3);
  EXPECT_EQ(count_of(svg, "nan"), 0);
}

TEST(HistogramPicture, DrawsABarForEachBinThatHoldsAScore) {
  const std::string svg =
      histogram_picture({"Scores", "nats", {10, 10, 11, 30}, {-5, -5, -4}, 5.0, "hit"})
          .inline_picture();
  EXPECT_EQ(count_of(svg, "class=\"first-fill\" opacity=\"0.25\""), 3);
  EXPECT_EQ(count_of(svg, "class=\"second-fill\" opacity=\"0.25\""), 2);
  EXPECT_EQ(count_of(svg, "class=\"threshold\""), 1);
  EXPECT_EQ(count_of(svg, "<path"), 2);
}

TEST(HistogramPicture, StandsASinglePopulationOfEqualScores) {
  const std::string svg =
      histogram_picture({"Scores", "nats", {7, 7}, {}, {}, ""}).inline_picture();
  EXPECT_EQ(count_of(svg, "class=\"first-fill\" opacity=\"0.25\""), 1);
  EXPECT_EQ(count_of(svg, "<path"), 1);
  EXPECT_EQ(count_of(svg, "nan") + count_of(svg, "inf"), 0);
}

TEST(Page, HoldsEverythingAndFetchesNothing) {
  Page page("Report");
  page.heading("Result");
  page.table({{"what", "value"}, {{"found", "12"}, {"missed", "0"}}});
  page.figure(histogram_picture({"Scores", "nats", {1, 2}, {0}, {}, ""}), "Scores of the run");
  const std::string html = page.html();
  EXPECT_EQ(count_of(html, "<tr>"), 3);
  EXPECT_EQ(count_of(html, "<svg"), 1);
  EXPECT_EQ(count_of(html, "<figcaption>Scores of the run</figcaption>"), 1);
  for (const std::string_view outside :
       {"http:", "https:", "src=", "href=", "<script", "@import"}) {
    EXPECT_EQ(count_of(html, outside), 0) << outside;
  }
}

TEST(Page, TurnsNoNameIntoMarkup) {
  Page page("<b>\"&'");
  page.paragraph("<script>");
  page.table({{"<i>"}, {{"<u>"}}});
  Svg svg(10, 10, "<title>");
  svg.text({1, 1}, Svg::Anchor::start, "<g>");
  page.figure(svg, "<em>");
  const std::string html = page.html();
  for (const std::string_view tag : {"<b>", "<script>", "<i>", "<u>", "<g>", "<em>"}) {
    EXPECT_EQ(count_of(html, tag), 0) << tag;
  }
  EXPECT_EQ(count_of(html, "&lt;b&gt;&quot;&amp;&#39;"), 2);
}

TEST(Table, LinesUpItsColumns) {
  EXPECT_EQ(as_text({{"what", "value"}, {{"found", "12"}, {"missed by far", "3"}}}),
            "what           value\n"
            "found             12\n"
            "missed by far      3\n");
}

}  // namespace
}  // namespace whorl::app
