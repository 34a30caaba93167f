#include "engine/app/report/histogram_picture.h"

#include <algorithm>
#include <cmath>

#include "engine/app/words.h"
#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr double kWidth = 760, kHeight = 330;
constexpr double kLeft = 62, kRight = 18, kTop = 52, kBottom = 52;
constexpr double kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;
constexpr int kBins = 60;
constexpr int kMostDecades = 7;

// The largest of 1, 2, 5 times a power of ten that gives at least four ticks.
double tick_step(double range) {
  const double power = std::pow(10, std::floor(std::log10(range)));
  for (const double part : {1.0, 0.5, 0.2, 0.1}) {
    if (range / (power * part) >= 4) return power * part;
  }
  return power * 0.1;
}

struct Axes {
  double low, high;  // of the scores
  int decades;       // 10^-decades is the bottom of the plot

  double x(double score) const { return kLeft + kPlotWidth * (score - low) / (high - low); }
  double y(double share) const {
    const double down = share <= 0 ? decades : std::min<double>(decades, -std::log10(share));
    return kTop + kPlotHeight * down / decades;
  }
};

Axes axes_of(const ScoreHistogram& h) {
  double low = 1e300, high = -1e300;
  for (const auto* scores : {&h.genuine, &h.impostor}) {
    for (const double s : *scores) low = std::min(low, s), high = std::max(high, s);
  }
  if (h.threshold) low = std::min(low, *h.threshold), high = std::max(high, *h.threshold);
  const double room = std::max(1e-9, (high - low) * 0.02);
  const auto most = static_cast<double>(std::max(h.genuine.size(), h.impostor.size()));
  const int decades =
      std::clamp(static_cast<int>(std::ceil(std::log10(most + 1))), 1, kMostDecades);
  return {low - room, high + room, decades};
}

std::vector<double> shares_of(const std::vector<double>& scores, const Axes& axes) {
  std::vector<double> shares(kBins);
  for (const double s : scores) {
    const auto bin = static_cast<int>(kBins * (s - axes.low) / (axes.high - axes.low));
    shares.at(static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))) +=
        1 / static_cast<double>(scores.size());
  }
  return shares;
}

void draw_population(Svg& svg, const std::vector<double>& scores, const Axes& axes,
                     std::string_view fill, std::string_view stroke) {
  if (scores.empty()) return;
  const double width = kPlotWidth / kBins, floor = kTop + kPlotHeight;
  const std::vector<double> shares = shares_of(scores, axes);
  std::vector<At> outline{{kLeft, floor}};
  for (int bin = 0; bin < kBins; ++bin) {
    const double left = kLeft + bin * width, top = axes.y(shares.at(static_cast<std::size_t>(bin)));
    if (top < floor) svg.rectangle({left, top}, width, floor - top, {fill, 0.25});
    outline.push_back({left, top}), outline.push_back({left + width, top});
  }
  outline.push_back({kLeft + kPlotWidth, floor});
  svg.path(outline, {stroke});
}

void draw_axes(Svg& svg, const ScoreHistogram& h, const Axes& axes) {
  const double floor = kTop + kPlotHeight, right = kLeft + kPlotWidth;
  for (int decade = 0; decade <= axes.decades; ++decade) {
    const double share = std::pow(10, -decade), y = axes.y(share);
    svg.line({kLeft, y}, {right, y}, {"rule"});
    svg.text({kLeft - 6, y + 4}, Svg::Anchor::end,
             decade <= 2 ? percent(share, 0) : "10^-" + std::to_string(decade), "tick");
  }
  const double step = tick_step(axes.high - axes.low);
  for (double at = std::ceil(axes.low / step) * step; at <= axes.high; at += step) {
    svg.line({axes.x(at), floor}, {axes.x(at), floor + 4}, {"rule"});
    svg.text({axes.x(at), floor + 17}, Svg::Anchor::middle, shortest(at), "tick");
  }
  svg.text({kLeft + kPlotWidth / 2, kHeight - 12}, Svg::Anchor::middle, h.axis);
}

void draw_legend(Svg& svg, const ScoreHistogram& h) {
  svg.text({kLeft, 18}, Svg::Anchor::start, h.title, "head");
  svg.square({kLeft + 6, 36}, 5, {"first-fill", 0.7});
  svg.text({kLeft + 16, 40}, Svg::Anchor::start,
           "one person, " + with_commas(std::ssize(h.genuine)) + " comparisons");
  svg.square({kLeft + 256, 36}, 5, {"second-fill", 0.7});
  svg.text({kLeft + 266, 40}, Svg::Anchor::start,
           "two people, " + with_commas(std::ssize(h.impostor)) + " comparisons");
}

}  // namespace

Svg histogram_picture(const ScoreHistogram& h) {
  WHORL_CHECK(!h.genuine.empty() || !h.impostor.empty());
  const Axes axes = axes_of(h);
  Svg svg(kWidth, kHeight, h.title);
  draw_axes(svg, h, axes);
  draw_population(svg, h.impostor, axes, "second-fill", "second");
  draw_population(svg, h.genuine, axes, "first-fill", "first");
  if (h.threshold) {
    const double x = axes.x(*h.threshold);
    svg.line({x, kTop}, {x, kTop + kPlotHeight}, {"threshold"});
    const bool room_left = x > kLeft + kPlotWidth / 2;
    svg.text({room_left ? x - 5 : x + 5, kTop + 12},
             room_left ? Svg::Anchor::end : Svg::Anchor::start, h.threshold_name, "tick");
  }
  draw_legend(svg, h);
  return svg;
}

}  // namespace whorl::app
