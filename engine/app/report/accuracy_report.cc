#include "engine/app/report/accuracy_report.h"

#include "engine/app/report/det_picture.h"
#include "engine/app/report/histogram_picture.h"
#include "engine/app/words.h"
#include "engine/matchers/comparison.h"
#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr FalseMatchRate kDrawnRate{1e-4};  // the threshold that the histograms show

void add_histogram(const Measured& measured, Page& page) {
  const LabelledScores& s = measured.scores;
  page.figure(
      histogram_picture({s.name, "similarity (the finger matcher's own scale)", s.genuine,
                         s.impostor, matchers::similarity_at(kDrawnRate).value(),
                         one_in(kDrawnRate)}),
      "Blue: captures of one finger. Orange: captures of two. Each bar is a share of its own "
      "population, on a logarithmic axis; from the dashed line on, the calibration promises that "
      "at most " +
          one_in(kDrawnRate) + " comparisons of two fingers score.");
}

}  // namespace

Svg accuracy_picture(const Accuracy& accuracy) {
  std::vector<DetLine> lines;
  for (const Measured& m : accuracy.databases) lines.push_back({m.scores.name, m.curve, false});
  if (accuracy.pooled)
    lines.push_back({accuracy.pooled->scores.name, accuracy.pooled->curve, true});
  return det_picture("Detection error trade-off", lines);
}

std::string accuracy_report(const Accuracy& accuracy, const std::string& what) {
  WHORL_CHECK(accuracy.overall() != nullptr);
  Page page("Whorl: accuracy, one to one");
  page.paragraph(what);
  page.heading("Figures");
  page.table(rates_table(accuracy));
  page.paragraph(
      "In percent. EER: where false match rate (FMR) and false non-match rate (FNMR) are equal. "
      "FMR100, FMR1000, ZeroFMR: the lowest FNMR at an FMR of at most 1 in 100, of at most 1 in "
      "1,000, and without any false match. Pooled: one threshold for all databases.");
  page.heading("Error trade-off");
  page.figure(accuracy_picture(accuracy),
              "Each line is all thresholds of one database, from lenient (right) to strict (left); "
              "lower is better. The strips at the frame hold rates of 0; a ring marks the first "
              "threshold without a false match. Equal error rates lie on the dashed diagonal.");
  page.heading("What a threshold promises, and what it kept");
  page.table(thresholds_table(*accuracy.overall()));
  page.paragraph(
      "Thresholds are asked for as a false match rate, and the calibration finds the similarity. "
      "Where the measured rate is rarer than asked for, the promise was kept. With few comparisons "
      "rare rates cannot be measured: \"none\" says only that none was seen.");
  page.heading("Scores");
  if (accuracy.pooled) add_histogram(*accuracy.pooled, page);
  for (const Measured& m : accuracy.databases) add_histogram(m, page);
  return page.html();
}

}  // namespace whorl::app
