// Pictures and pages: that everything which should be drawn is, once, and that nothing a name holds
// becomes markup.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/app/report/histogram_picture.h"
#include "engine/app/report/minutiae_picture.h"
#include "engine/app/report/page.h"
#include "engine/app/report/svg.h"
#include "tests/app/count_of.h"

namespace whorl::app {
namespace {

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

std::string picture(const FingerTemplate& probe, const FingerTemplate& reference,
                    const matchers::FingerComparison& comparison) {
  return minutiae_picture("probe", probe, "reference", reference, comparison, {}).document();
}

TEST(MinutiaePicture, DrawsEveryMinutiaTwiceAndEveryPairTwice) {
  const std::string svg = picture(print_with(4, 3), print_with(5, 1), first_pairs(3));
  EXPECT_EQ(count_of(svg, "<circle"), 2 * (4 + 5));
  EXPECT_EQ(count_of(svg, "<rect"), 2 * (3 + 1) + 3);         // and three frames
  EXPECT_EQ(count_of(svg, "class=\"mate says-"), 2 * 3 + 5);  // and the legend
  // Three of 7 and three of 6 have a partner: their shape and tail, in two panels each.
  EXPECT_EQ(count_of(svg, "class=\"first\""), 2 * 2 * 3);
  EXPECT_EQ(count_of(svg, "class=\"second\""), 2 * 2 * 3);
  EXPECT_EQ(count_of(svg, "class=\"lone\""), 2 * 2 * (4 + 3));
  EXPECT_EQ(count_of(svg, "<image"), 0);
}

// The marks of one class in the last panel, one a line.
std::string laid_over(std::string_view svg, std::string_view shape_class) {
  std::string marks;
  std::size_t end = 0;
  for (std::size_t at = svg.find("<circle"); at != std::string::npos;
       at = svg.find("<circle", end)) {
    end = svg.find("/>", at);
    const std::string mark(svg.substr(at, end - at));
    const double x = std::stod(mark.substr(mark.find("cx=\"") + 4));
    if (x > 650 && mark.find(shape_class) != std::string::npos) {
      marks += mark.substr(0, mark.find(" class")) + "\n";
    }
  }
  return marks;
}

TEST(MinutiaePicture, LaysAMovedPrintOverItsOriginal) {
  FingerTemplate moved = print_with(5, 0);
  for (Minutia& m : moved.minutiae) {  // a quarter turn clockwise as seen: (x, y) to (-y, x)
    m = {static_cast<std::int16_t>(400 - m.y_px), m.x_px,
         Direction{static_cast<std::uint8_t>(m.direction.steps() - 64)}, m.kind, m.quality};
  }
  const std::string svg = picture(print_with(5, 0), moved, first_pairs(5));
  // Both prints' marks coincide, to the last digit written.
  EXPECT_EQ(count_of(laid_over(svg, "first"), "\n"), 5);
  EXPECT_EQ(laid_over(svg, "first"), laid_over(svg, "second"));
  EXPECT_EQ(count_of(svg, "turned by 90.0°"), 1);
}

TEST(MinutiaePicture, DrawsAPairThatSaysMoreStronger) {
  const std::string svg = picture(print_with(3, 0), print_with(3, 0), first_pairs(3));
  EXPECT_EQ(count_of(svg, "says-0\" style=\"stroke-width:0.5\""), 2 + 1);  // share 0, and legend
  EXPECT_EQ(count_of(svg, "says-1\" style=\"stroke-width:0.79\""), 2);     // share 1
  EXPECT_EQ(count_of(svg, "says-2\" style=\"stroke-width:1.07\""), 2);     // share 2
}

TEST(MinutiaePicture, DrawsStrangersWithoutAnyPair) {
  const std::string svg = picture(print_with(3, 0), {}, {});
  EXPECT_EQ(count_of(svg, "class=\"mate says-"), 5);  // the legend
  EXPECT_EQ(count_of(svg, "<circle"), 2 * 3);
  EXPECT_EQ(count_of(svg, "nan"), 0);
}

TEST(MinutiaePicture, HoldsEachImageOnceAndDrawsItUnderItsPrint) {
  const FingerTemplate print = print_with(3, 0);
  const Backdrop image{{30, 40, "data:image/png;base64,AAAA"}, {300, 400}};
  const std::string svg =
      minutiae_picture({"probe", print, &image}, {"reference", print, &image}, first_pairs(3), {},
                       consensus_motion(print, print, first_pairs(3).pairs), PairNumbers::yes)
          .document();
  EXPECT_EQ(count_of(svg, "<image"), 2);
  EXPECT_EQ(count_of(svg, "base64"), 2);
  EXPECT_EQ(count_of(svg, "href=\"#probe-image\""), 2);  // beside and under the overlay
  EXPECT_EQ(count_of(svg, "href=\"#reference-image\""), 1);
  EXPECT_LT(svg.find("<use"), svg.find("<circle"));
  EXPECT_EQ(count_of(svg, "class=\"small\""), 2 * 3);
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
