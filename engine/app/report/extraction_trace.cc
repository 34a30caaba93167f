#include "engine/app/report/extraction_trace.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "engine/app/report/extraction_pictures.h"
#include "engine/app/report/page.h"
#include "engine/app/words.h"
#include "engine/base/limits.h"
#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::app {
namespace {

using features::ExtractionTrace, features::Survey;

std::string area_words(const features::Mask& mask) {
  constexpr double kCellMm = features::kCellPx * kMmPerPx;
  return rounded(static_cast<double>(features::area_of(mask)) * kCellMm * kCellMm, 0) + " mm²";
}

std::string mean_period_words(const features::Field& log_px, const features::Mask& mask) {
  double sum = 0, count = 0;
  for (std::ptrdiff_t i = 0; i < log_px.size(); ++i) {
    if (mask.cells().data()[i] == 0) continue;
    sum += std::exp(log_px.cells().data()[i]), count += 1;
  }
  if (count == 0) return "-";
  return rounded(sum / count, 1) + " px (" + rounded(sum / count * kMmPerPx, 2) + " mm)";
}

std::string count_words(const std::vector<Minutia>& minutiae) {
  const auto endings = std::ranges::count(minutiae, MinutiaKind::ending, &Minutia::kind);
  const auto forks = std::ranges::count(minutiae, MinutiaKind::bifurcation, &Minutia::kind);
  return std::to_string(minutiae.size()) + " (" + std::to_string(endings) + " endings, " +
         std::to_string(forks) + " forks)";
}

Table print_table(const TracedExtraction& t) {
  const int width = t.extraction.width_px, height = t.extraction.height_px;
  const Survey& survey = t.trace.survey;
  return {{"the print", "value"},
          {{"resolution of the picture as it came", rounded(t.ppi.value(), 0) + " ppi"},
           {"size at 500 ppi", std::to_string(width) + " x " + std::to_string(height) + " px, " +
                                   rounded(width * kMmPerPx, 1) + " x " +
                                   rounded(height * kMmPerPx, 1) + " mm"},
           {"ridges", survey.light_ridges ? "light, turned round" : "dark"},
           {"where ridges may be (loose mask)", area_words(survey.loose)},
           {"mean ridge period there", mean_period_words(survey.period.log_px, survey.loose)},
           {"minutiae of the template", count_words(t.extraction.print.minutiae)}}};
}

Table minutiae_table(const ExtractionTrace& path, std::size_t in_template) {
  const std::size_t found = path.found.size(), kept = path.kept.size();
  return {{"the minutiae", "value"},
          {{"where ridges are (strict mask)", area_words(path.ridges.mask)},
           {"mean ridge period there",
            mean_period_words(path.ridges.course.log_period, path.ridges.mask)},
           {"ends and forks found in there", std::to_string(found)},
           {"dropped as noise", std::to_string(found - kept)},
           {"kept", std::to_string(kept)},
           {"in the template", std::to_string(in_template)}}};
}

void add_picture(Page& page, const TracedExtraction& t, const ExtractionRasters& r) {
  page.paragraph(
      "Every step of one extraction, in the order in which it is made. Lengths are in pixels of "
      "500 ppi: 1 px is 0.05 mm, and the ridges of a grown hand lie about 9 px apart. This page "
      "holds a fingerprint: "
      "keep it as you keep pictures of fingerprints.");
  page.heading("The print and its template");
  page.figure(template_picture(t.extraction.print, r.grey),
              "The picture at 500 ppi with the minutiae of the template, which is all that is kept "
              "of it. An ending's tail points into its ridge, a fork's into the valley between its "
              "branches.");
  page.table(print_table(t));
}

void add_normalised(Page& page, const Survey& survey, const ExtractionRasters& r) {
  page.heading("Contrast made even");
  page.figure(
      normalised_picture(r.normal),
      std::string("Each point less the mean grey around it, over the contrast around it. Dry, wet "
                  "and unevenly lit parts come to look alike; empty ground stays near grey.") +
          (survey.light_ridges ? " The picture came with light ridges on a dark ground and has "
                                 "been turned round."
                               : ""));
}

void add_survey(Page& page, const Survey& survey, const ExtractionRasters& r) {
  page.heading("First look");
  page.paragraph(
      "Read before any filter, because after one everything looks like ridges: which way they run, "
      "how far apart they lie, and how much the picture looks like ridges at all.");
  page.figure(flow_picture(survey, r.grey),
              "Each stroke lies along the ridges. It is the fainter, the less the slopes of grey "
              "around it agree on one direction; doubtful strokes have been smoothed from sure "
              "ones. Outside the loose mask no ridge is sought, for slopes are weak or disagree.");
  page.figure(period_picture(survey, r),
              "Left: from ridge to ridge; the same grey is the same distance on every such page. "
              "Right: how periodic the picture is across the flow and how coherent along it. "
              "Creases, smudges, stripes and the scanner's edges are dark.");
}

// How ridges were made clear, and the picture of it.
struct Way {
  const char* heading;
  const char* words;
};
constexpr Way kOneWay{
    "Ridges made clear",
    "The first look's flow and period steer a filter that keeps what runs along the ridges at "
    "their distance. Of what it leaves flow and period are read anew, and steer the filter whose "
    "picture this is."};
constexpr std::array kTwoWays{
    Way{"Ridges made clear, first way: along the flow",
        "The first look's flow and period steer a filter that keeps what runs along the ridges at "
        "their distance. Of what it leaves flow and period are read anew, twice over, and steer "
        "the filter whose picture this is."},
    Way{"Second way: without trusting the flow",
        "Here ridges are first made clear without a direction: in each small window the "
        "frequencies that are strong already are made stronger. Where the first look had the flow "
        "wrong, this can put it right. Flow and period are read of that and steer the same "
        "filter."}};
constexpr Way kBothWays{
    "Both ways in one",
    "Everywhere the one of the two that is truer to the unfiltered picture, and a mixture where "
    "they are equally true."};
constexpr std::string_view kBelieved =
    "Left: the strict mask is where the filtered picture is still like the unfiltered one and "
    "strong, and that one was periodic. Right: how like the two pictures are, and how coherent the "
    "flow.";

void add_ridges(Page& page, const Way& way, const Survey& survey,
                const features::ClearRidges& ridges, const RidgeRasters& r,
                const Raster& share_scale) {
  page.heading(way.heading);
  page.paragraph(way.words);
  page.figure(filtered_picture(survey, ridges, r, share_scale), kBelieved);
}

void add_ways(Page& page, const ExtractionTrace& trace, const ExtractionRasters& r) {
  for (std::size_t i = 0; i < trace.ways.size(); ++i) {
    add_ridges(page, kTwoWays.at(i), trace.survey, trace.ways[i], r.ways[i], r.share_scale);
  }
  add_ridges(page, trace.ways.empty() ? kOneWay : kBothWays, trace.survey, trace.ridges, r.ridges,
             r.share_scale);
}

void add_minutiae(Page& page, const TracedExtraction& t, const ExtractionRasters& r) {
  const ExtractionTrace& path = t.trace;
  page.heading("From ridges to minutiae");
  page.figure(skeleton_picture(path, r.skeleton),
              "The ridges thinned to their middle lines. Minutiae are where a line ends or three "
              "meet, well inside the strict mask; their quality is how far the filtered picture is "
              "believed there. Dropped are those that come in the company of noise: both ends of a "
              "broken ridge, opposite pairs, the poorer of two at one place, crowds.");
  page.table(minutiae_table(path, t.extraction.print.minutiae.size()));
  page.paragraph(
      "Of two at one place and in one direction one stays, and a template holds at most " +
      std::to_string(kMaxMinutiaePerTemplate) + ", the best by quality.");
}

}  // namespace

Result<std::string> extraction_page(const TracedExtraction& t) {
  WHORL_TRY(const ExtractionRasters rasters, rasters_of(t.trace));
  Page page("From picture to template");
  add_picture(page, t, rasters);
  add_normalised(page, t.trace.survey, rasters);
  add_survey(page, t.trace.survey, rasters);
  add_ways(page, t.trace, rasters);
  add_minutiae(page, t, rasters);
  return page.html();
}

}  // namespace whorl::app
