#include "engine/app/report/extraction_pictures.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/app/report/minutiae_picture.h"
#include "engine/app/report/raster_picture.h"
#include "engine/app/words.h"
#include "engine/base/limits.h"
#include "engine/features/fingerprint/ridge_image.h"

namespace whorl::app {
namespace {

using features::Field, features::FoundMinutia, features::kCellPx;

constexpr double kWidePx = 860, kHalfPx = 420, kTallestPx = 900, kGapPx = 20;
constexpr double kLargest = 2;  // px of the screen a pixel
constexpr double kHeadPx = 24, kFootPx = 30, kLeastWidthPx = 560;
constexpr double kScaleWidthPx = 110, kScaleHeightPx = 10;
constexpr double kMarkSize = 1.25;
constexpr double kFaintest = 0.3;  // opacity of a minutia of the least quality
constexpr int kLeastStrokeCells = 3;
// Of the period map: a child's of two years is black, twice the usual nearly white.
constexpr float kDarkestPeriodPx = 4.5F, kLightestPeriodPx = 14;
constexpr auto kStart = Svg::Anchor::start;

Result<Raster> raster(std::string id, const Image& image, double px_a_sample) {
  WHORL_TRY(EmbeddedImage embedded, embed_raster(image));
  return Raster{std::move(id), image.width_px * px_a_sample, image.height_px * px_a_sample,
                std::move(embedded)};
}

Result<Raster> scale_of(std::string id, GreyRange range, float first, float last) {
  constexpr int kSteps = 64;
  Field values(kSteps, 1);
  for (int i = 0; i < kSteps; ++i) {
    values.at(i, 0) = first + (last - first) * static_cast<float>(i) / (kSteps - 1);
  }
  WHORL_TRY(Raster scale, raster(std::move(id), grey_image(values, range), kScaleWidthPx / kSteps));
  scale.height_px = kScaleHeightPx;
  return scale;
}

// The filter's picture, ridges black; one pixel in a hundred is stronger than black.
GreyRange range_of(const Field& filtered) {
  const float most = std::max(features::quantile(filtered, {}, 0.99F), 1e-3F);
  return {most, -most};
}

Result<RidgeRasters> rasters_of(const features::ClearRidges& ridges, const std::string& which) {
  const Field& filtered = ridges.filtered;
  RidgeRasters r;
  WHORL_TRY(r.filtered, raster("filtered" + which, grey_image(filtered, range_of(filtered)), 1));
  WHORL_TRY(r.quality, raster("belief" + which, grey_image(ridges.quality, {0, 1}), kCellPx));
  return r;
}

// One print in a figure: white under everything, so that dark screens change no picture.
class Panel {
 public:
  Panel(Svg& svg, const Raster& print, At corner, double scale)
      : svg_(svg), corner_(corner), scale_(scale) {
    svg_.rectangle(corner_, print.width_px * scale_, print.height_px * scale_, {"plate"});
  }
  void show(const Raster& raster, std::string_view image_class) {
    svg_.draw_image(raster.id, corner_, scale_, image_class);
  }
  void outline(const features::Mask& mask, std::string_view ink) {
    for (const auto& [from, to] : border_of(mask)) svg_.line(cell(from), cell(to), {ink});
  }
  // A pixel's middle is half a pixel from its corner.
  At pixel(double x_px, double y_px) const {
    return {corner_.x + (x_px + 0.5) * scale_, corner_.y + (y_px + 0.5) * scale_};
  }
  At cell(At at) const {
    return {corner_.x + at.x * kCellPx * scale_, corner_.y + at.y * kCellPx * scale_};
  }
  double scale() const { return scale_; }

 private:
  Svg& svg_;
  At corner_;
  double scale_;
};

double scale_for(const Raster& print, double room_px) {
  return std::min({kLargest, room_px / print.width_px, kTallestPx / print.height_px});
}

// The figure of one large panel, or of two beside each other with a line of words over each.
struct OneUp {
  OneUp(const Raster& print, std::string_view title)
      : scale(scale_for(print, kWidePx)),
        foot(print.height_px * scale),
        svg(std::max(kLeastWidthPx, print.width_px * scale), foot + kFootPx, title),
        panel(svg, print, {0, 0}, scale) {}
  double scale, foot;
  Svg svg;
  Panel panel;
};

struct TwoUp {
  TwoUp(const Raster& print, std::string_view title, std::string_view left_words,
        std::string_view right_words)
      : scale(scale_for(print, kHalfPx)),
        second_x(std::max(kLeastWidthPx / 2, print.width_px * scale) + kGapPx),
        foot(kHeadPx + print.height_px * scale),
        svg(2 * second_x - kGapPx, foot + kFootPx, title),
        left(svg, print, {0, kHeadPx}, scale),
        right(svg, print, {second_x, kHeadPx}, scale) {
    svg.text({0, 15}, kStart, left_words, "head");
    svg.text({second_x, 15}, kStart, right_words, "head");
  }
  double scale, second_x, foot;
  Svg svg;
  Panel left, right;
};

void define(Svg& svg, const Raster& r) {
  svg.define_image(r.id, r.width_px, r.height_px, r.image.data_uri);
}

void draw_scale(Svg& svg, const Raster& scale, At at, std::string_view first,
                std::string_view last) {
  svg.text({at.x, at.y}, kStart, first, "tick");
  constexpr double kWordsPx = 104;
  svg.draw_image(scale.id, {at.x + kWordsPx, at.y - kScaleHeightPx + 1}, 1, "cells");
  svg.rectangle({at.x + kWordsPx, at.y - kScaleHeightPx + 1}, kScaleWidthPx, kScaleHeightPx,
                {"frame"});
  svg.text({at.x + kWordsPx + kScaleWidthPx + 8, at.y}, kStart, last, "tick");
}

std::string length_words(double px) {
  return rounded(px, 1) + " px (" + rounded(px * 25.4 / kCanonicalPixelsPerInch, 2) + " mm)";
}

void draw_all(Svg& svg, const Panel& panel, const std::vector<FoundMinutia>& minutiae,
              std::string_view ink) {
  for (const FoundMinutia& m : minutiae) {
    draw_minutia(svg, panel.pixel(m.x_px, m.y_px), m.direction_radians, m.kind, {ink}, kMarkSize);
  }
}

// filtered_minutiae takes out and changes nothing.
std::vector<FoundMinutia> dropped(const features::ExtractionTrace& path) {
  std::vector<FoundMinutia> gone;
  for (const FoundMinutia& m : path.found) {
    const auto same = [&m](const FoundMinutia& k) {
      return k.x_px == m.x_px && k.y_px == m.y_px && k.direction_radians == m.direction_radians;
    };
    if (std::ranges::none_of(path.kept, same)) gone.push_back(m);
  }
  return gone;
}

void name_kinds(Svg& svg, double x, double y, std::string_view ink, std::string_view words) {
  draw_minutia(svg, {x + 6, y - 4}, 0, MinutiaKind::ending, {ink}, kMarkSize);
  draw_minutia(svg, {x + 36, y - 4}, 0, MinutiaKind::bifurcation, {ink}, kMarkSize);
  svg.text({x + 60, y}, kStart, words, "tick");
}

}  // namespace

Result<ExtractionRasters> rasters_of(const features::ExtractionTrace& trace) {
  const features::Survey& survey = trace.survey;
  const GreyRange period{std::log(kDarkestPeriodPx), std::log(kLightestPeriodPx)};
  ExtractionRasters r;
  WHORL_TRY(r.grey, raster("grey", grey_image(trace.grey, {0, 255}), 1));
  WHORL_TRY(r.normal,
            raster("normal", grey_image(survey.normal, {features::kClip, -features::kClip}), 1));
  WHORL_TRY(r.period, raster("period", grey_image(survey.period.log_px, period), kCellPx));
  WHORL_TRY(r.confidence,
            raster("confidence", grey_image(survey.period.confidence, {0, 1}), kCellPx));
  WHORL_TRY(r.period_scale, scale_of("period-scale", period, period.black, period.white));
  WHORL_TRY(r.share_scale, scale_of("share-scale", {0, 1}, 0, 1));
  for (const features::ClearRidges& way : trace.ways) {
    WHORL_TRY(RidgeRasters made, rasters_of(way, "-" + std::to_string(r.ways.size() + 1)));
    r.ways.push_back(std::move(made));
  }
  WHORL_TRY(r.ridges, rasters_of(trace.ridges, ""));
  WHORL_TRY(r.skeleton, raster("skeleton", line_image(trace.skeleton), 1));
  return r;
}

Svg template_picture(const FingerTemplate& print, const Raster& grey) {
  OneUp figure(grey, "The print and the minutiae of its template");
  define(figure.svg, grey);
  figure.panel.show(grey, "print");
  for (const Minutia& m : print.minutiae) {
    const double opacity = kFaintest + (1 - kFaintest) * m.quality / 100.0;
    draw_minutia(figure.svg, figure.panel.pixel(m.x_px, m.y_px), m.direction.radians(), m.kind,
                 {"ink-orange", opacity}, kMarkSize);
  }
  const double y = figure.foot + 20;
  name_kinds(figure.svg, 0, y, "ink-orange", "ridge ending, fork; fainter where quality is lower");
  return std::move(figure.svg);
}

Svg normalised_picture(const Raster& normal) {
  OneUp figure(normal, "The print, normalised");
  define(figure.svg, normal);
  figure.panel.show(normal, "picture");
  return std::move(figure.svg);
}

int stroke_step_cells(const features::Flow& flow) {
  const int longer = std::max(flow.cosine.width(), flow.cosine.height());
  return std::max(kLeastStrokeCells, (longer + kStrokesAcross - 1) / kStrokesAcross);
}

Svg flow_picture(const features::Survey& survey, const Raster& grey) {
  OneUp figure(grey, "Which way the ridges run");
  figure.panel.show(grey, "faded");
  const features::Flow& flow = survey.flow;
  const int step = stroke_step_cells(flow);
  const double half_px = 0.4 * step * kCellPx * figure.scale;
  const auto stroke = [&](At middle, double radians, double coherence) {
    const double dx = half_px * std::cos(radians), dy = half_px * std::sin(radians);
    figure.svg.line({middle.x - dx, middle.y - dy}, {middle.x + dx, middle.y + dy},
                    {"ink-blue", coherence});
  };
  for (int y = step / 2; y < flow.cosine.height(); y += step) {
    for (int x = step / 2; x < flow.cosine.width(); x += step) {
      if (survey.wide.at(x, y) == 0) continue;
      const float c = flow.cosine.at(x, y), s = flow.sine.at(x, y);
      stroke(figure.panel.cell({x + 0.5, y + 0.5}), std::atan2(s, c) / 2, std::hypot(s, c));
    }
  }
  figure.panel.outline(survey.loose, "ink-orange");
  double x = 0;
  for (const double coherence : {0.25, 0.5, 0.75, 1.0}) {
    figure.svg.line({x, figure.foot + 16}, {x + 16, figure.foot + 16}, {"ink-blue", coherence});
    figure.svg.text({x + 21, figure.foot + 20}, kStart, shortest(coherence), "tick");
    x += 54;
  }
  figure.svg.text({x, figure.foot + 20}, kStart, "coherence of the flow; orange: the loose mask",
                  "tick");
  return std::move(figure.svg);
}

Svg period_picture(const features::Survey& survey, const ExtractionRasters& r) {
  TwoUp figure(r.grey, "Ridge period and how sure it is", "Ridge period", "How periodic");
  for (const Raster* each : {&r.period, &r.confidence, &r.period_scale, &r.share_scale}) {
    define(figure.svg, *each);
  }
  figure.left.show(r.period, "cells");
  figure.right.show(r.confidence, "cells");
  figure.left.outline(survey.loose, "ink-orange");
  figure.right.outline(survey.loose, "ink-orange");
  const double y = figure.foot + 20;
  draw_scale(figure.svg, r.period_scale, {0, y}, length_words(kDarkestPeriodPx),
             length_words(kLightestPeriodPx));
  draw_scale(figure.svg, r.share_scale, {figure.second_x, y}, "not at all", "wholly");
  return std::move(figure.svg);
}

Svg filtered_picture(const features::Survey& survey, const features::ClearRidges& ridges,
                     const RidgeRasters& r, const Raster& share_scale) {
  TwoUp figure(r.filtered, "The filtered print and how far it is believed", "Filtered",
               "How far it is believed");
  define(figure.svg, r.filtered);
  define(figure.svg, r.quality);
  figure.left.show(r.filtered, "picture");
  figure.right.show(r.quality, "cells");
  figure.left.outline(survey.loose, "ink-orange");
  figure.left.outline(ridges.mask, "ink-blue");
  figure.right.outline(ridges.mask, "ink-blue");
  const double y = figure.foot + 20;
  figure.svg.text({0, y}, kStart, "orange: the loose mask, blue: the strict one", "tick");
  draw_scale(figure.svg, share_scale, {figure.second_x, y}, "not at all", "wholly");
  return std::move(figure.svg);
}

Svg skeleton_picture(const features::ExtractionTrace& path, const Raster& skeleton) {
  OneUp figure(skeleton, "The ridges' middle lines and the minutiae on them");
  define(figure.svg, skeleton);
  figure.panel.show(skeleton, "print");
  draw_all(figure.svg, figure.panel, dropped(path), "ink-blue");
  draw_all(figure.svg, figure.panel, path.kept, "ink-orange");
  const double y = figure.foot + 20;
  name_kinds(figure.svg, 0, y, "ink-orange", "kept");
  name_kinds(figure.svg, 120, y, "ink-blue", "dropped");
  return std::move(figure.svg);
}

}  // namespace whorl::app
