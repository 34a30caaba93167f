#include "engine/app/report/det_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "engine/app/words.h"
#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr double kPlotWidth = 470, kPlotHeight = 380;
constexpr double kLeft = 66, kTop = 40, kFoot = 50, kLegend = 250;
constexpr double kWidth = kLeft + kPlotWidth + kLegend, kHeight = kTop + kPlotHeight + kFoot;
constexpr double kRight = kLeft + kPlotWidth, kFloor = kTop + kPlotHeight;
constexpr double kZeroStrip = 34;  // between the frame and the lowest decade: rates of 0
constexpr double kLegendRow = 38;
constexpr int kFewestDecades = 2, kMostDecades = 7;
// What happens at half of all pairs interests nobody; the plot grows where a matcher needs it.
constexpr std::array kTops{0.1, 0.2, 0.5, 1.0};

constexpr std::array<std::string_view, 12> kLooks{
    "curve-1",        "curve-2",        "curve-3",        "curve-4",
    "curve-5",        "curve-6",        "curve-1 dashed", "curve-2 dashed",
    "curve-3 dashed", "curve-4 dashed", "curve-5 dashed", "curve-6 dashed"};

std::string_view look_of(const DetLine& line, std::size_t place) {
  return line.pooled ? "curve-all" : kLooks.at(place % kLooks.size());
}

// From 10^-decades to top, and 0 at the frame.
struct Axis {
  double length, top;
  int decades;

  double along(double rate) const {  // px from zero
    if (rate <= 0) return 0;
    const double share = (std::log10(rate) + decades) / (std::log10(top) + decades);
    return kZeroStrip + (length - kZeroStrip) * std::clamp(share, 0.0, 1.0);
  }
  double lowest() const { return std::pow(10, -decades); }
};

struct Axes {
  Axis fmr, fnmr;
  At at(const OperatingPoint& p) const {
    return {kLeft + fmr.along(p.fmr), kFloor - fnmr.along(p.fnmr)};
  }
};

const OperatingPoint& first_without_false_match(const std::vector<OperatingPoint>& curve) {
  return *std::ranges::find_if(curve, [](const OperatingPoint& p) { return p.fmr <= 0; });
}

int decades_down_to(double rate) {
  return std::clamp(static_cast<int>(std::ceil(-std::log10(rate))), kFewestDecades, kMostDecades);
}

Axes axes_of(const std::vector<DetLine>& lines) {
  double highest = 0, least_fmr = 1, least_fnmr = 1;
  for (const DetLine& line : lines) {
    highest = std::max(highest, first_without_false_match(line.curve).fnmr);
    for (const OperatingPoint& p : line.curve) {
      if (p.fmr > 0) least_fmr = std::min(least_fmr, p.fmr);
      if (p.fnmr > 0) least_fnmr = std::min(least_fnmr, p.fnmr);
    }
  }
  const double top = *std::ranges::find_if(kTops, [=](double t) { return t >= highest || t == 1; });
  return {{kPlotWidth, top, decades_down_to(least_fmr)},
          {kPlotHeight, top, decades_down_to(least_fnmr)}};
}

// fine(along) for twice and five times each decade, main(along, words) for the decades and 0.
void each_tick(const Axis& axis, const auto& fine, const auto& main) {
  main(0, "0");
  for (int decade = axis.decades; decade >= 0; --decade) {
    const double rate = std::pow(10, -decade);
    if (rate <= axis.top) main(axis.along(rate), percent(rate, std::max(0, decade - 2)));
    for (const double part : {2.0, 5.0}) {
      if (rate * part < axis.top) fine(axis.along(rate * part));
    }
  }
  if (axis.top > 0.1 && axis.top < 1) main(axis.length, percent(axis.top, 0));
}

void draw_axes(Svg& svg, const Axes& axes) {
  svg.rectangle({kLeft, kTop}, kPlotWidth, kPlotHeight, {"frame"});
  const auto upright = [&svg](double along, std::string_view look) {
    svg.line({kLeft + along, kTop}, {kLeft + along, kFloor}, {look});
  };
  const auto level = [&svg](double along, std::string_view look) {
    svg.line({kLeft, kFloor - along}, {kRight, kFloor - along}, {look});
  };
  each_tick(
      axes.fmr, [&](double along) { upright(along, "fine"); },
      [&](double along, const std::string& words) {
        upright(along, "rule");
        svg.text({kLeft + along, kFloor + 17}, Svg::Anchor::middle, words, "tick");
      });
  each_tick(
      axes.fnmr, [&](double along) { level(along, "fine"); },
      [&](double along, const std::string& words) {
        level(along, "rule");
        svg.text({kLeft - 7, kFloor - along + 4}, Svg::Anchor::end, words, "tick");
      });
  const double equal = std::max(axes.fmr.lowest(), axes.fnmr.lowest());
  svg.line(axes.at({equal, equal}), axes.at({axes.fmr.top, axes.fnmr.top}), {"threshold", 0.6});
  svg.text({kLeft + kPlotWidth / 2, kHeight - 12}, Svg::Anchor::middle, "false match rate");
  svg.text_upwards({16, kTop + kPlotHeight / 2}, "false non-match rate");
}

// The corners of the stairs that can be told apart on the picture: from the right edge, or from the
// last threshold that rejects nobody, to the first without a false match.
std::vector<At> path_of(const std::vector<OperatingPoint>& curve, const Axes& axes) {
  constexpr double kSame = 0.3;  // px
  const auto shown =
      std::ranges::find_if(curve, [&](const OperatingPoint& p) { return p.fmr <= axes.fmr.top; });
  auto p = std::ranges::find_if(curve, [](const OperatingPoint& q) { return q.fnmr > 0; });
  p = std::max(shown, p == curve.begin() ? p : p - 1);
  std::vector<At> path{{p == shown ? kRight : axes.at(*p).x, axes.at(*p).y}};
  for (; p->fmr > 0; ++p) {
    const At at = axes.at(*p);
    if (std::hypot(at.x - path.back().x, at.y - path.back().y) > kSame) path.push_back(at);
  }
  path.push_back(axes.at(*p));
  return path;
}

void draw_legend(Svg& svg, const std::vector<DetLine>& lines) {
  double y = kTop + 12;
  for (std::size_t i = 0; i < lines.size(); ++i, y += kLegendRow) {
    const ErrorRates rates = error_rates(lines[i].curve);
    svg.line({kRight + 16, y - 4}, {kRight + 40, y - 4}, {look_of(lines[i], i)});
    svg.text({kRight + 48, y}, Svg::Anchor::start, lines[i].name, "head");
    svg.text({kRight + 48, y + 15}, Svg::Anchor::start,
             "EER " + percent(rates.eer, 2) + ", FMR1000 " + percent(rates.fmr1000, 2), "tick");
  }
}

}  // namespace

Svg det_picture(const std::string& title, const std::vector<DetLine>& lines) {
  WHORL_CHECK(!lines.empty());
  const Axes axes = axes_of(lines);
  const double rows = kTop + kLegendRow * static_cast<double>(lines.size());
  Svg svg(kWidth, std::max(kHeight, rows), title);
  svg.text({kLeft, 22}, Svg::Anchor::start, title, "head");
  draw_axes(svg, axes);
  for (const bool pooled : {false, true}) {  // the pooled line lies over the others
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].pooled != pooled) continue;
      const std::string_view look = look_of(lines[i], i);
      svg.path(path_of(lines[i].curve, axes), {look});
      svg.circle(axes.at(first_without_false_match(lines[i].curve)), 3.5, {look});
    }
  }
  draw_legend(svg, lines);
  return svg;
}

}  // namespace whorl::app
