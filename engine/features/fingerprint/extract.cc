#include "engine/features/fingerprint/extract.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "engine/base/limits.h"
#include "engine/features/fingerprint/ridge_image.h"
#include "engine/features/fingerprint/ridge_lines.h"
#include "engine/features/fingerprint/root_filter.h"
#include "engine/formats/tidy_minutiae.h"

namespace whorl::features {
namespace {

Course refined(const Survey& survey, const RidgeFilter& filter, const Course& course) {
  return course_of(filter.filtered_at_half_scale(course.flow, course.log_period, survey.wide),
                   survey.wide);
}

// One way: the first look's own flow leads the first filter. The other: a filter that needs none.
ClearRidges make_clear(const Survey& survey, const ExtractionOptions& options,
                       ExtractionTrace* trace) {
  const RidgeFilter filter(survey.normal, options.backend);
  Course led = refined(survey, filter, {survey.flow, survey.period.log_px});
  if (options.mode == ExtractionMode::fast) return clear_ridges(survey, filter, std::move(led));
  led = refined(survey, filter, led);
  Course free = course_of(root_filtered(survey.normal, survey.wide), survey.wide);
  ClearRidges first = clear_ridges(survey, filter, std::move(led));
  ClearRidges second = clear_ridges(survey, filter, std::move(free));
  ClearRidges both = blended(survey, first, second);
  if (trace != nullptr) trace->ways = {std::move(first), std::move(second)};
  return both;
}

struct Reading {
  Bitmap skeleton;
  std::vector<FoundMinutia> found, kept;
};

Reading read_minutiae(const ClearRidges& ridges) {
  Reading reading;
  reading.skeleton = thinned(binarised(ridges.filtered, ridges.mask));
  tidy(reading.skeleton, ridges.course.flow);
  reading.found = minutiae_of(
      {reading.skeleton, ridges.filtered, ridges.course.flow, ridges.mask, ridges.quality});
  reading.kept = filtered_minutiae(reading.found);
  return reading;
}

Minutia rounded(const FoundMinutia& m) {
  Minutia out;
  out.x_px = static_cast<std::int16_t>(std::lround(m.x_px));
  out.y_px = static_cast<std::int16_t>(std::lround(m.y_px));
  const float steps =
      m.direction_radians * (Direction::kStepsPerTurn / (2 * std::numbers::pi_v<float>));
  out.direction = Direction(static_cast<std::uint8_t>(std::lround(steps) & 0xFF));
  out.kind = m.kind;
  out.quality = static_cast<std::uint8_t>(std::clamp(std::lround(100 * m.quality), 1L, 100L));
  return out;
}

// The best by quality, of equal ones the first: noise has thousands.
void keep_best(std::vector<Minutia>& minutiae, std::size_t most) {
  if (minutiae.size() <= most) return;
  std::stable_sort(minutiae.begin(), minutiae.end(),
                   [](const Minutia& a, const Minutia& b) { return a.quality > b.quality; });
  minutiae.resize(most);
}

}  // namespace

Result<Extraction> extract_print(const Image& image, std::optional<PixelsPerInch> ppi,
                                 const ExtractionOptions& options, ExtractionTrace* trace) {
  if (!ppi) ppi = image.ppi;
  if (!ppi) return fail(Fault::bad_resolution);
  WHORL_TRY(Field grey, at_500_ppi(image, *ppi));
  Survey survey = survey_of(grey);
  ClearRidges ridges = make_clear(survey, options, trace);
  Reading reading = read_minutiae(ridges);
  Extraction out;
  out.width_px = grey.width(), out.height_px = grey.height();
  for (const FoundMinutia& m : reading.kept) out.print.minutiae.push_back(rounded(m));
  keep_best(out.print.minutiae, kMaxMinutiaePerView);
  formats::tidy_minutiae(out.print.minutiae);
  out.quality = quality_of(grey, survey, ridges, out.print.minutiae);
  out.print.quality = out.quality.score;
  out.singular_points = singular_points_of(ridges.course.flow, ridges.mask);
  if (options.ridge_counts) {
    out.ridge_counts = ridge_counts_of(out.print.minutiae, ridges.filtered, *options.ridge_counts);
  }
  if (trace != nullptr) {
    trace->grey = std::move(grey), trace->survey = std::move(survey);
    trace->ridges = std::move(ridges), trace->skeleton = std::move(reading.skeleton);
    trace->found = std::move(reading.found), trace->kept = std::move(reading.kept);
  }
  if (out.print.minutiae.empty()) return fail(Fault::no_minutiae);
  return out;
}

}  // namespace whorl::features
