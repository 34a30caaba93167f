#include "engine/app/report/load_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "engine/app/words.h"
#include "kernels/core.h"

namespace whorl::app {
namespace {

constexpr double kPlotWidth = 470, kPlotHeight = 320;
constexpr double kLeft = 66, kTop = 40, kFoot = 50, kLegend = 150;
constexpr double kWidth = kLeft + kPlotWidth + kLegend, kHeight = kTop + kPlotHeight + kFoot;

struct Line {
  std::string_view name, look;
  double Latency::*value;
};
constexpr std::array<Line, 3> kLines{Line{"p50", "curve-1", &Latency::p50_ms},
                                     Line{"p99", "curve-2", &Latency::p99_ms},
                                     Line{"p99.9", "curve-3 dashed", &Latency::p999_ms}};

struct Axes {
  double most_rate = 0;
  int first_decade = 0, last_decade = 1;  // of milliseconds

  double x(double rate) const { return kLeft + kPlotWidth * rate / most_rate; }
  double y(double ms) const {
    const double share = (std::log10(ms) - first_decade) / (last_decade - first_decade);
    return kTop + kPlotHeight * (1 - std::clamp(share, 0.0, 1.0));
  }
};

Axes axes_of(const LoadFigures& figures) {
  Axes axes;
  double least = HUGE_VAL, most = 0;
  for (const LoadStep& step : figures.steps) {
    axes.most_rate = std::max(axes.most_rate, 1.05 * step.offered_per_second);
    if (step.all.count == 0) continue;
    least = std::min(least, std::max(step.all.p50_ms, 1e-3));
    most = std::max(most, step.all.p999_ms);
  }
  if (most <= 0) return axes;
  axes.first_decade = static_cast<int>(std::floor(std::log10(least)));
  axes.last_decade = std::max(axes.first_decade + 1, static_cast<int>(std::ceil(std::log10(most))));
  return axes;
}

void draw_axes(Svg& svg, const LoadFigures& figures, const Axes& axes) {
  const double right = kLeft + kPlotWidth, floor = kTop + kPlotHeight;
  svg.rectangle({kLeft, kTop}, kPlotWidth, kPlotHeight, {"frame"});
  for (int decade = axes.first_decade; decade <= axes.last_decade; ++decade) {
    const double ms = std::pow(10, decade), y = axes.y(ms);
    svg.line({kLeft, y}, {right, y}, {"rule"});
    svg.text({kLeft - 6, y + 4}, Svg::Anchor::end, shortest(ms), "tick");
  }
  for (const LoadStep& step : figures.steps) {
    const double x = axes.x(step.offered_per_second);
    svg.line({x, floor}, {x, floor + 4}, {"rule"});
    svg.text({x, floor + 17}, Svg::Anchor::middle, rounded(step.offered_per_second, 0), "tick");
  }
  const double saturation = axes.x(figures.mixed.accepted_per_second());
  if (saturation < right) svg.line({saturation, kTop}, {saturation, floor}, {"threshold"});
  svg.text({kLeft + kPlotWidth / 2, kHeight - 12}, Svg::Anchor::middle,
           "requests asked for, a second");
  svg.text_upwards({16, kTop + kPlotHeight / 2}, "milliseconds until the answer");
}

std::string ms(double value) { return rounded(value, value < 10 ? 2 : 0); }

Table engine_table(const LoadFigures& f) {
  Table table{{"", "engine, before", "engine, after", "service"}, {}};
  table.rows.push_back({"CPU of one search, ms", ms(f.before->identify_cpu_ms),
                        ms(f.after->identify_cpu_ms), ms(f.searching.cpu_ms_per_answer())});
  table.rows.push_back({"verify: p50, ms", ms(f.before->verify_p50_ms), ms(f.after->verify_p50_ms),
                        ms(f.alone.all.p50_ms)});
  table.rows.push_back({"CPU of one verify, ms", ms(f.before->verify_cpu_ms),
                        ms(f.after->verify_cpu_ms), ms(f.alone.cpu_ms_per_answer())});
  return table;
}

}  // namespace

Table load_table(const LoadFigures& figures) {
  Table table{{"step", "asked/s", "accepted/s", "refused", "failed", "wrong", "p50 ms", "p99 ms",
               "p99.9 ms", "CPU ms each", "memory"},
              {}};
  const auto add = [&](const std::string& name, const LoadStep& s) {
    table.rows.push_back(
        {name, s.offered_per_second > 0 ? rounded(s.offered_per_second, 1) : "",
         rounded(s.accepted_per_second(), 1), with_commas(s.refused), with_commas(s.failed),
         with_commas(s.wrong), ms(s.all.p50_ms), ms(s.all.p99_ms), ms(s.all.p999_ms),
         s.use ? ms(s.cpu_ms_per_answer()) : "", s.use ? bytes_of(s.use->resident_bytes) : ""});
  };
  add("verify, one by one", figures.alone);
  add("identify, as it goes", figures.searching);
  add("mixed, as it goes", figures.mixed);
  for (const LoadStep& step : figures.steps) add(rounded(step.percent, 0) + " %", step);
  return table;
}

Svg latency_picture(const LoadFigures& figures) {
  WHORL_CHECK(!figures.steps.empty());
  const Axes axes = axes_of(figures);
  Svg svg(kWidth, kHeight, "Latency over the rate");
  svg.text({kLeft, 22}, Svg::Anchor::start, "Latency of accepted requests", "head");
  draw_axes(svg, figures, axes);
  double legend = kTop + 12;
  for (const Line& line : kLines) {
    std::vector<At> path;
    for (const LoadStep& step : figures.steps) {
      if (step.all.count == 0) continue;
      path.push_back({axes.x(step.offered_per_second), axes.y(step.all.*line.value)});
      svg.circle(path.back(), 3, {line.look});
    }
    if (path.size() > 1) svg.path(path, {line.look});
    svg.line({kLeft + kPlotWidth + 16, legend - 4}, {kLeft + kPlotWidth + 40, legend - 4},
             {line.look});
    svg.text({kLeft + kPlotWidth + 48, legend}, Svg::Anchor::start, line.name);
    legend += 20;
  }
  return svg;
}

std::string load_report(const LoadBench& bench, const LoadFigures& figures) {
  Page page("Whorl: the service under load");
  page.paragraph(with_commas(bench.people) + " simulated people, " + std::to_string(bench.fingers) +
                 " finger(s) each; " + std::to_string(bench.clients) +
                 " clients over mutual TLS, " + bench.service.priority + " priority; seed " +
                 std::to_string(bench.seed) + ". " + std::to_string(figures.right_first) + " of " +
                 std::to_string(figures.checked) +
                 " answers were right before anything was timed; " +
                 with_commas(figures.acknowledged) + " enrolments were acknowledged, of which " +
                 with_commas(figures.lost) + " were missing at the end.");
  page.heading("Steps");
  page.table(load_table(figures));
  page.paragraph(
      "Requests come at random, whether or not those before were answered, and latency counts from "
      "when each was meant to be sent. Percent are of what mixed requests reached as fast as they "
      "were answered. Refused: told at once to come again. CPU and memory are the service's.");
  page.heading("Latency");
  page.figure(latency_picture(figures),
              "Accepted requests of all kinds. The dashed line is saturation: what is asked beyond "
              "it cannot be answered, and is to be refused instead of slowing the rest down.");
  if (figures.before && figures.after) {
    page.heading("What the service adds to the engine");
    page.table(engine_table(figures));
    page.paragraph("The engine in this process, from samples to candidates, before and after.");
  }
  return page.html();
}

}  // namespace whorl::app
