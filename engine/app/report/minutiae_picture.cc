#include "engine/app/report/minutiae_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "engine/app/words.h"

namespace whorl::app {
namespace {

constexpr double kPanelWidth = 300, kPanelHeight = 360, kGap = 24, kTop = 34, kFoot = 66;
constexpr double kPanelMargin = 18;
constexpr double kWidth = 3 * kPanelWidth + 2 * kGap + 2;
constexpr double kHeight = kTop + kPanelHeight + kFoot;
constexpr std::array kLefts{1.0, 1 + kPanelWidth + kGap, 1 + 2 * (kPanelWidth + kGap)};
constexpr double kRadius = 3.2, kTail = 11;
// A pair that says this much (nats) is drawn full; of good captures the usual pair says 4 to 5.
constexpr double kFullShare = 7;
constexpr std::array<std::string_view, 5> kSays{"mate says-0", "mate says-1", "mate says-2",
                                                "mate says-3", "mate says-4"};
constexpr std::string_view kProbeImage = "probe-image", kReferenceImage = "reference-image";

struct Mark2D {
  ImagePoint at;
  double radians;  // anticlockwise as seen
  MinutiaKind kind;
  bool mated = false;
};
using Marks = std::vector<Mark2D>;

Marks marks_of(const FingerTemplate& print) {
  Marks marks;
  for (const Minutia& m : print.minutiae) {
    marks.push_back({place_of(m), m.direction.radians(), m.kind});
  }
  return marks;
}

Marks carried(Marks marks, const RigidMotion& motion) {
  for (Mark2D& m : marks) {
    m.at = motion(m.at);
    m.radians -= std::arg(motion.turn);  // y points down: a positive turn is clockwise as seen
  }
  return marks;
}

// Where a panel shows a print: scaled to fit, never enlarged beyond twice, centred.
class Frame {
 public:
  Frame(std::initializer_list<const Marks*> shown, const Backdrop* image, double left) {
    double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9;
    const auto hold = [&](ImagePoint p) {
      x0 = std::min(x0, p.real()), x1 = std::max(x1, p.real());
      y0 = std::min(y0, p.imag()), y1 = std::max(y1, p.imag());
    };
    for (const Marks* marks : shown) {
      for (const Mark2D& m : *marks) hold(m.at);
    }
    if (image != nullptr) hold({0, 0}), hold({image->frame.width_px, image->frame.height_px});
    if (x1 < x0) hold({0, 0});
    const double room_x = kPanelWidth - 2 * kPanelMargin, room_y = kPanelHeight - 2 * kPanelMargin;
    scale_ = std::min({2.0, room_x / std::max(1.0, x1 - x0), room_y / std::max(1.0, y1 - y0)});
    origin_ = {left + kPanelWidth / 2 - scale_ * (x0 + x1) / 2,
               kTop + kPanelHeight / 2 - scale_ * (y0 + y1) / 2};
  }
  At operator()(ImagePoint p) const {
    return {origin_.real() + scale_ * p.real(), origin_.imag() + scale_ * p.imag()};
  }
  double scale() const { return scale_; }

 private:
  ImagePoint origin_;
  double scale_;
};

void draw(Svg& svg, const Mark2D& m, const Frame& frame, std::string_view shape_class) {
  draw_minutia(svg, frame(m.at), m.radians, m.kind, {shape_class, m.mated ? 1.0 : 0.7, 0});
}

void draw_all(Svg& svg, const Marks& marks, const Frame& frame, std::string_view shape_class) {
  for (const Mark2D& m : marks) draw(svg, m, frame, m.mated ? shape_class : "lone");
}

// How strongly a pair is drawn: grey where it says nothing, full at kFullShare.
Mark strength(float share) {
  const double strong = std::clamp(share / kFullShare, 0.0, 1.0);
  const auto level = static_cast<std::size_t>(std::ceil(strong * (kSays.size() - 1)));
  return {kSays.at(level), 1, 0.5 + 2 * strong};
}

void number(Svg& svg, std::size_t place, At at) {
  svg.text({at.x + 5, at.y - 4}, Svg::Anchor::start, std::to_string(place + 1), "small");
}

std::string counts(const DrawnPrint& probe, const DrawnPrint& reference,
                   const matchers::FingerComparison& c, const RigidMotion& motion) {
  std::string text = std::to_string(c.pairs.size()) + " corresponding minutiae of " +
                     std::to_string(probe.print.minutiae.size()) + " and " +
                     std::to_string(reference.print.minutiae.size());
  if (c.pairs.empty()) return text;
  return text + "; the second is turned by " + rounded(motion.degrees(), 1) + "° and pairs stay " +
         rounded(motion.residual_px, 1) + " px apart";
}

std::string verdict(const matchers::FingerComparison& c, const matchers::Calibrated& value) {
  return "raw score " + rounded(c.similarity.value(), 1) + ", log likelihood ratio " +
         rounded(value.ratio.value(), 1) + "; two different people score this much " +
         one_in(value.fmr);
}

void draw_legend(Svg& svg, double y) {
  constexpr auto start = Svg::Anchor::start;
  svg.text({1, y}, start, "circle: ending, square: bifurcation, grey: no partner; a join says",
           "tick");
  double x = 400;
  for (std::size_t level = 0; level < kSays.size(); ++level, x += 62) {
    const double least = kFullShare * static_cast<double>(level) / (kSays.size() - 1);
    svg.line({x, y - 4}, {x + 18, y - 4}, strength(static_cast<float>(least)));
    svg.text({x + 23, y}, start, level == 0 ? "nothing" : "≤ " + rounded(least, 1), "tick");
    if (level == 0) x += 14;
  }
  svg.text({x, y}, start, "nats and more for one person", "tick");
}

void draw_backdrops(Svg& svg, const DrawnPrint& probe, const DrawnPrint& reference,
                    const Frame& left, const Frame& middle, const Frame& over) {
  const auto define = [&svg](std::string_view id, const Backdrop* b) {
    if (b != nullptr)
      svg.define_image(id, b->frame.width_px, b->frame.height_px, b->image.data_uri);
    return b != nullptr;
  };
  if (define(kProbeImage, probe.image)) {
    svg.draw_image(kProbeImage, left({0, 0}), left.scale());
    svg.draw_image(kProbeImage, over({0, 0}), over.scale());
  }
  if (define(kReferenceImage, reference.image)) {
    svg.draw_image(kReferenceImage, middle({0, 0}), middle.scale());
  }
}

}  // namespace

void draw_minutia(Svg& svg, At at, double radians, MinutiaKind kind, const Mark& look,
                  double size) {
  const double radius = size * kRadius, tail = size * kTail;
  if (kind == MinutiaKind::bifurcation) {
    svg.square(at, radius, look);
  } else {
    svg.circle(at, radius, look);
  }
  const double dx = std::cos(radians), dy = -std::sin(radians);
  svg.line({at.x + radius * dx, at.y + radius * dy}, {at.x + tail * dx, at.y + tail * dy}, look);
}

Svg minutiae_picture(const DrawnPrint& probe, const DrawnPrint& reference,
                     const matchers::FingerComparison& comparison,
                     const matchers::Calibrated& value, const RigidMotion& motion,
                     PairNumbers numbers) {
  Marks first = marks_of(probe.print), second = marks_of(reference.print);
  for (const auto& p : comparison.pairs) {
    first.at(p.pair.first).mated = second.at(p.pair.second).mated = true;
  }
  const Marks moved = carried(second, motion);
  const Frame left({&first}, probe.image, kLefts[0]);
  const Frame middle({&second}, reference.image, kLefts[1]);
  const Frame over({&first, &moved}, probe.image, kLefts[2]);

  Svg svg(kWidth, kHeight, "Corresponding minutiae of two prints");
  draw_backdrops(svg, probe, reference, left, middle, over);
  for (const double x : kLefts) svg.rectangle({x, kTop}, kPanelWidth, kPanelHeight, {"frame"});
  for (const auto& p : comparison.pairs) {
    const ImagePoint a = first.at(p.pair.first).at, b = second.at(p.pair.second).at;
    svg.line(left(a), middle(b), strength(p.share));
    svg.line(over(a), over(moved.at(p.pair.second).at), strength(p.share));
  }
  draw_all(svg, first, left, "first");
  draw_all(svg, second, middle, "second");
  draw_all(svg, first, over, "first");
  draw_all(svg, moved, over, "second");
  for (std::size_t i = 0; numbers == PairNumbers::yes && i < comparison.pairs.size(); ++i) {
    number(svg, i, left(first.at(comparison.pairs[i].pair.first).at));
    number(svg, i, middle(second.at(comparison.pairs[i].pair.second).at));
  }

  constexpr auto start = Svg::Anchor::start;
  svg.text({kLefts[0], 22}, start, probe.name, "head");
  svg.text({kLefts[1], 22}, start, reference.name, "head");
  svg.text({kLefts[2], 22}, start, "the second laid on the first", "head");
  const double foot = kTop + kPanelHeight;
  svg.text({1, foot + 22}, start, verdict(comparison, value));
  svg.text({1, foot + 40}, start, counts(probe, reference, comparison, motion));
  draw_legend(svg, foot + 59);
  return svg;
}

Svg minutiae_picture(std::string_view probe_name, const FingerTemplate& probe,
                     std::string_view reference_name, const FingerTemplate& reference,
                     const matchers::FingerComparison& comparison,
                     const matchers::Calibrated& value) {
  return minutiae_picture({probe_name, probe}, {reference_name, reference}, comparison, value,
                          consensus_motion(probe, reference, comparison.pairs));
}

}  // namespace whorl::app
